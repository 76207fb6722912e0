import { readFile } from 'node:fs/promises';
import type { LbConfig, LbServer, LbService } from './config.ts';
import { LbError } from './errors.ts';
import { afterCheck, UNCHECKED } from './health/server-state.ts';
import type { ServerState } from './health/server-state.ts';
import { checkTcp } from './health/tcp.ts';
import { answerAtOnce } from './host/proxy-delay.ts';
import { applyTables, removeTables } from './host/apply.ts';
import type { HostFacts } from './host/facts.ts';
import { deviceFor } from './host/facts.ts';
import type { Holding } from './host/holdings.ts';
import { holdingCommand, holdingsFor } from './host/holdings.ts';
import { resolveNeighbours } from './host/neighbours.ts';
import { readFacts } from './host/read-facts.ts';
import { run } from './host/run.ts';
import { log } from './log.ts';
import { checkPort } from './render/checks.ts';
import { render } from './render/render.ts';

/** How long to wait for the MAC of a server whose frames keep their source MAC. */
const NEIGHBOUR_DEADLINE_MS = 500;

/** A running load balancer: what it made in the host, and how to take it back. */
export class Balancer {
  readonly #config: LbConfig;
  readonly #facts: HostFacts;
  readonly #states = new Map<LbServer, ServerState>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #held: Holding[] = [];
  #macs = new Map<string, string>();
  #putBack: () => Promise<void> = () => Promise.resolve();
  /** Last application of rules; they never overlap. */
  #applying: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(config: LbConfig, facts: HostFacts) {
    this.#config = config;
    this.#facts = facts;
  }

  /**
   * Takes the host over: rules, addresses, first round of health checks. Resolves when traffic is served.
   * @throws {LbError} with everything undone.
   */
  static async start(config: LbConfig): Promise<Balancer> {
    const [facts] = await Promise.all([readFacts(), demandForwarding(config)]);
    const balancer = new Balancer(config, facts);
    try {
      await balancer.#begin();
    } catch (error) {
      await balancer.stop();
      throw error;
    }
    return balancer;
  }

  /** Ends the health checks and removes exactly what was made. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timers.forEach(clearTimeout);
    await this.#applying.catch(() => undefined);
    await removeTables();
    const held = this.#held.splice(0);
    if (held.length > 0) {
      const batch = held.reverse().map((holding) => `${holdingCommand('del', holding)}\n`);
      // Somebody may have deleted an address already: that is what is wanted.
      await run('ip-failed', 'ip', ['-force', '-batch', '-'], batch.join('')).catch(() => '');
    }
    await this.#putBack();
  }

  async #begin(): Promise<void> {
    for (const { service, server } of this.#servers()) {
      this.#states.set(server, service.check.type === 'none' ? this.#unconditional(service, server) : UNCHECKED);
    }
    this.#macs = await resolveNeighbours(this.#keptNeighbours(), NEIGHBOUR_DEADLINE_MS);
    await Promise.all([this.#apply(), this.#hold(holdingsFor(this.#config, this.#facts))]);
    const checked = this.#servers().filter(({ service }) => service.check.type !== 'none');
    if (checked.length > 0) {
      await Promise.all(checked.map(({ service, server }) => this.#check(service, server)));
      await this.#apply();
    }
  }

  #unconditional(service: LbService, server: LbServer): ServerState {
    const routed = service.mode !== 'dsr' || deviceFor(this.#facts, server.address) !== null;
    return { up: routed, against: 0, checked: true, reason: routed ? 'not checked' : `no route to ${server.address}` };
  }

  async #hold(holdings: Holding[]): Promise<void> {
    if (holdings.length === 0) return;
    this.#putBack = await answerAtOnce(holdings);
    // Noted before they are made: none of them was there, so a failure half-way takes all of them back.
    this.#held.push(...holdings);
    const batch = holdings.map((holding) => `${holdingCommand('add', holding)}\n`);
    await run('ip-failed', 'ip', ['-batch', '-'], batch.join(''));
  }

  #servers(): { service: LbService; server: LbServer }[] {
    return this.#config.services.flatMap((service) => service.servers.map((server) => ({ service, server })));
  }

  #keptNeighbours() {
    return this.#servers().flatMap(({ service, server: { address } }) => {
      const dev = deviceFor(this.#facts, address);
      return service.mode === 'dsr' && service.sourceMac === 'keep' && dev !== null ? [{ address, dev }] : [];
    });
  }

  #apply(): Promise<void> {
    const tables = () =>
      render({
        config: this.#config,
        facts: this.#facts,
        isUp: (_, server) => this.#states.get(server)?.up ?? false,
        macOf: (address) => this.#macs.get(address) ?? null,
        uid: process.getuid?.() ?? 0,
      });
    this.#applying = this.#applying.then(() => applyTables(tables()));
    return this.#applying;
  }

  /** One check, its consequences, and the appointment for the next one. */
  async #check(service: LbService, server: LbServer): Promise<void> {
    const before = this.#states.get(server)!;
    const port = service.mode === 'dsr' ? checkPort(this.#config, service) : (server.port ?? service.port);
    const result = await checkTcp(server.address, port, service.check.timeoutMs);
    if (this.#stopped) return;
    const after = afterCheck(before, result, service.check);
    this.#states.set(server, after);
    if (!before.checked || before.up !== after.up) {
      // During the first round one application for all servers follows. Whoever reads of a change may rely on it.
      if (before.checked) await this.#apply();
      log({ event: 'server-state', service: service.name, server: server.name, up: after.up, reason: after.reason });
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#check(service, server).catch((error: unknown) => {
        log({ event: 'error', code: error instanceof LbError ? error.code : 'internal', message: String(error) });
      });
    }, service.check.intervalMs);
    this.#timers.add(timer);
  }
}

async function demandForwarding(config: LbConfig): Promise<void> {
  const forwarded = config.services.find(({ mode }) => mode !== 'dsr');
  if (!forwarded) return;
  const family = forwarded.vip.includes(':') ? 'ipv6/conf/all/forwarding' : 'ipv4/ip_forward';
  const value = await readFile(`/proc/sys/net/${family}`, 'utf8');
  if (value.trim() !== '1') {
    throw new LbError(
      'forwarding-off',
      `service ${forwarded.name} (${forwarded.mode}) needs IP forwarding: set net.${family.replaceAll('/', '.')}=1`,
    );
  }
}
