import { HealthMonitor } from '../health/monitor.ts';
import type { CheckedState } from '../health/server-state.ts';
import { NEVER_CHECKED } from '../health/server-state.ts';
import { CheckTargets } from '../health/targets.ts';
import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import type { HostFacts } from '../facts/facts.ts';
import { deviceFor } from '../facts/facts.ts';
import type { LogEvent } from '../terms/log.ts';
import { isDirect } from '../terms/mode.ts';

/** Inputs to a server's state besides its health check. */
export interface StateInputs {
  facts: HostFacts;
  macOf: (address: string) => string | null;
  /** Whether flows of a process that died are still being served. */
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
    // Flows of a process that died continue until a check fails.
    return state.checked || !takenOver ? state : { ...state, up: true };
  }

  /**
   * Port that represents a service in health checks; null if servers are checked at their own addresses, or not at all.
   */
  checkPortOf(service: LbService): number | null {
    return this.#targets.portOf(service);
  }

  /** From now on checks exactly the servers of this configuration. */
  watch(config: LbConfig): void {
    this.#targets.release(config);
    this.#monitor.watch(this.#targets.all(config));
  }

  /** Resolves when every server has been checked once. */
  firstRound(): Promise<void> {
    return this.#monitor.firstRound();
  }

  /** Changes since the last call, for the log. */
  changes(config: LbConfig): LogEvent[] {
    const changes: LogEvent[] = [];
    const watched = new Set<string>();
    for (const service of config.services) {
      // A server without checks is always up: not worth logging.
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
