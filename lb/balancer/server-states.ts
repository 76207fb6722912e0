import { HealthMonitor } from '../health/monitor.ts';
import type { CheckedState } from '../health/server-state.ts';
import { NEVER_CHECKED } from '../health/server-state.ts';
import { CheckTargets } from '../health/targets.ts';
import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import type { HostFacts } from '../terms/facts.ts';
import { deviceFor } from '../terms/facts.ts';
import type { LogEvent } from '../terms/log.ts';
import { isDirect } from '../terms/mode.ts';

/** What decides over a server beside its health check. */
export interface StateInputs {
  facts: HostFacts;
  macOf: (address: string) => string | null;
  /** Whether flows of a process that died are being carried. */
  takenOver: boolean;
}

/** Which servers are up, and why not: health checks, routes, MACs. */
export class ServerStates {
  readonly #monitor: HealthMonitor;
  readonly #targets = new CheckTargets();
  readonly #inputs: () => StateInputs;
  readonly #logged = new Map<string, boolean>();

  /** @param onChange called when a check has found another state */
  constructor(inputs: () => StateInputs, onChange: () => void) {
    this.#inputs = inputs;
    this.#monitor = new HealthMonitor(onChange);
  }

  /** State of a server in a service, with its reason. */
  of(service: LbService, server: LbServer): CheckedState {
    const { facts, macOf, takenOver } = this.#inputs();
    if (isDirect(service) && deviceFor(facts, server.address) === null) {
      return { ...NEVER_CHECKED, up: false, reason: `no route to ${server.address}` };
    }
    if (service.sourceMac === 'keep' && macOf(server.address) === null) {
      return { ...NEVER_CHECKED, up: false, reason: `no MAC known of ${server.address}` };
    }
    if (service.check.type === 'none') return NEVER_CHECKED;
    const state = this.#monitor.stateOf(this.#targets.of(service, server));
    // Flows of a process that died go on until something is known against their servers.
    return state.checked || !takenOver ? state : { ...state, up: true };
  }

  /** Port that stands for a service in health checks; null where servers are asked directly, or not at all. */
  checkPortOf(service: LbService): number | null {
    return this.#targets.portOf(service);
  }

  /** Checks the servers of this configuration from now on, and no others. */
  watch(config: LbConfig): void {
    this.#targets.release(config);
    this.#monitor.watch(this.#targets.all(config));
  }

  /** Resolves when every server has been checked once. */
  firstRound(): Promise<void> {
    return this.#monitor.firstRound();
  }

  /** What has changed since the last call, to be logged. */
  changes(config: LbConfig): LogEvent[] {
    const changes: LogEvent[] = [];
    const watched = new Set<string>();
    for (const service of config.services) {
      // Without checks it is no news that a server is up.
      const assumed = service.check.type === 'none' ? true : null;
      for (const server of service.servers) {
        const { up, checked, reason } = this.of(service, server);
        const key = `${service.name}/${server.name}`;
        watched.add(key);
        if (!checked || (this.#logged.get(key) ?? assumed) === up) continue;
        this.#logged.set(key, up);
        changes.push({ event: 'server-state', service: service.name, server: server.name, up, reason });
      }
    }
    for (const key of this.#logged.keys()) if (!watched.has(key)) this.#logged.delete(key);
    return changes;
  }

  end(): void {
    this.#monitor.stop();
  }
}
