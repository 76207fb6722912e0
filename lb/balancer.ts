import { isDeepStrictEqual } from 'node:util';
import type { LbConfig, LbServer, LbService } from './terms/config.ts';
import { LbError } from './terms/errors.ts';
import { HealthMonitor } from './health/monitor.ts';
import type { CheckedState } from './health/server-state.ts';
import { NEVER_CHECKED } from './health/server-state.ts';
import { CheckTargets } from './health/targets.ts';
import { announce } from './host/announce.ts';
import { demandForwarding } from './host/demand-forwarding.ts';
import type { HostFacts } from './terms/facts.ts';
import { deviceFor, renamesSince } from './terms/facts.ts';
import type { FlowCounts } from './host/flow-counts.ts';
import { countFlows } from './host/flow-counts.ts';
import { OwnedAddresses } from './host/owned-addresses.ts';
import { holdingsFor, lostFrom, withoutHoldings } from './host/holdings.ts';
import { explainRefusal } from './host/kernel-features.ts';
import { KernelTables } from './host/kernel-tables.ts';
import { resolveNeighbours } from './host/neighbours.ts';
import { readFacts } from './host/read-facts.ts';
import { watchHost } from './host/watch-host.ts';
import type { LogEvent } from './terms/log.ts';
import { log } from './terms/log.ts';
import { isDirect } from './terms/mode.ts';
import type { Override, OverrideFields } from './terms/overrides.ts';
import { dropOverrides, override, sortOverrides, withOverrides } from './terms/overrides.ts';
import { Pool } from './pool.ts';
import type { RenderInput } from './render/input.ts';
import { reusesPorts } from './render/members.ts';
import { rolesOf } from './render/remember.ts';
import { render } from './render/render.ts';
import type { Table } from './render/ruleset.ts';
import { formatTable } from './render/ruleset.ts';
import { Settling } from './settling.ts';

/** How long to wait for the MAC of a server whose frames keep their source MAC. */
const NEIGHBOUR_DEADLINE_MS = 500;
/** How often flows are counted while somebody waits for the number, and MACs looked at while rules hold them. */
const WATCH_MS = 1000;

const NO_MONITOR = '`ip monitor` has ended: send SIGHUP after interfaces, addresses or routes have changed';

/** A running load balancer: what it made in the host, and how to change it and take it back. */
export class Balancer {
  readonly #pool = new Pool((service, server) => this.stateOf(service, server).up);
  readonly #monitor = new HealthMonitor(() => void this.refresh());
  readonly #targets = new CheckTargets();
  readonly #settling = new Settling();
  readonly #logged = new Map<string, boolean>();
  readonly #tables: KernelTables;
  readonly #owned: OwnedAddresses;
  /** The host as it was read last. */
  #facts: HostFacts = { interfaces: [], routes: [] };
  /** The host that rules and addresses were made for. */
  #fitted = this.#facts;
  #desired: LbConfig = { version: 1, vipOwner: true, services: [] };
  /** What the API has set over the configuration's own values; `#desired` has it too. */
  #overrides: Override[] = [];
  #macs = new Map<string, string>();
  #flows: FlowCounts = () => 0;
  #watchTimer: NodeJS.Timeout | null = null;
  #settleTimer: NodeJS.Timeout | null = null;
  /** The last change; changes never overlap. */
  #turn: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<void> | null = null;
  #stopped = false;
  #followTimer: NodeJS.Timeout | null = null;
  readonly #watch = watchHost(
    () => this.#follow(),
    () => log({ event: 'error', code: 'ip-failed', message: NO_MONITOR }),
  );

  private constructor(tables: KernelTables, owned: OwnedAddresses) {
    this.#tables = tables;
    this.#owned = owned;
  }

  /**
   * Takes the host over: rules, addresses, first round of health checks. Resolves when traffic is served. What a
   * process that died has left is taken over without breaking its flows.
   * @throws {LbError} with everything undone.
   */
  static async start(config: LbConfig): Promise<Balancer> {
    const [{ tables, owned, overrides }] = await Promise.all([KernelTables.open(), demandForwarding(config)]);
    const balancer = new Balancer(tables, new OwnedAddresses(owned));
    try {
      await balancer.#inTurn(async () => {
        // What changes before would never be noticed.
        await balancer.#watch.subscribed;
        balancer.#facts = withoutHoldings(await readFacts(), owned);
        balancer.#overrides = overrides;
        await balancer.#adoptBelow(config);
      });
      await balancer.settled();
    } catch (error) {
      await balancer.stop();
      throw error;
    }
    return balancer;
  }

  /** Configuration in force, with servers that are leaving. */
  get config(): LbConfig {
    return this.#pool.config;
  }

  /** Configuration as it was asked for last. */
  get desired(): LbConfig {
    return this.#desired;
  }

  /** What the API has set over the configuration's own values. */
  get overrides(): Override[] {
    return this.#overrides;
  }

  /** Rules in force. */
  get rules(): Table[] {
    return this.#tables.current;
  }

  /** How often rules were changed, and how long the last change took. */
  get applied(): { count: number; lastMs: number } {
    return this.#tables.applied;
  }

  /**
   * Puts another configuration file in force, without touching established flows. What the API has set for servers stays
   * over it, unless the file has changed there.
   * @throws {LbError} with the former configuration still in force.
   */
  async reload(config: LbConfig): Promise<void> {
    await this.#inTurn(async () => {
      await demandForwarding(config);
      await this.#readHost();
      await this.#adoptBelow(config);
    });
  }

  /**
   * Puts exactly this configuration in force, without touching established flows.
   * @throws {LbError} with the former configuration still in force.
   */
  async replace(config: LbConfig): Promise<void> {
    await this.#inTurn(async () => {
      await demandForwarding(config);
      await this.#readHost();
      const dropped = dropOverrides(this.#overrides, 'the API has replaced the configuration', config);
      await this.#adopt(config, []);
      dropped.forEach(log);
    });
  }

  /** Resolves when every server has been checked once, and the rules say what was found. */
  async settled(): Promise<void> {
    await this.#monitor.firstRound();
    await this.refresh();
  }

  /**
   * Changes the weight or draining of a server: nothing for which the host has to be looked at. Returns the server as it is
   * then; null if there is none.
   * @throws {LbError} with the former configuration still in force.
   */
  adjust(serviceName: string, serverName: string, fields: OverrideFields): Promise<LbServer | null> {
    return this.#inTurn(async () => {
      const former = this.#desired.services.find(({ name }) => name === serviceName);
      const server = former?.servers.find(({ name }) => name === serverName);
      if (!former || !server) return null;
      const adjusted = { ...server, ...fields };
      const service = { ...former, servers: former.servers.map((one) => (one === server ? adjusted : one)) };
      const services = this.#desired.services.map((one) => (one === former ? service : one));
      await this.#adopt({ ...this.#desired, services }, override(this.#overrides, serviceName, server, fields));
      return adjusted;
    });
  }

  /** Renders and applies again, after a server's state has changed. Calls that come meanwhile share the next run. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#inTurn(async () => {
      this.#refreshing = null;
      if (this.#stopped) return;
      // Taken first: a state that changes meanwhile is not in the rules yet, and whoever reads of it relies on that.
      const changes = this.#stateChanges();
      await this.#apply(this.#pool.config);
      changes.forEach(log);
    }).catch(logError);
    return this.#refreshing;
  }

  /** Health of a server in a service, with its reason. */
  stateOf(service: LbService, server: LbServer): CheckedState {
    if (isDirect(service) && deviceFor(this.#facts, server.address) === null) {
      return { ...NEVER_CHECKED, up: false, reason: `no route to ${server.address}` };
    }
    if (service.sourceMac === 'keep' && !this.#macs.has(server.address)) {
      return { ...NEVER_CHECKED, up: false, reason: `no MAC known of ${server.address}` };
    }
    if (service.check.type === 'none') return NEVER_CHECKED;
    const state = this.#monitor.stateOf(this.#targets.of(service, server));
    // Flows of a process that died go on until something is known against their servers.
    return state.checked || !this.#tables.takenOver ? state : { ...state, up: true };
  }

  /** What a server does in a service. */
  roleOf(service: LbService, server: LbServer) {
    return this.#pool.roleOf(service, server);
  }

  /** Ends the health checks and removes exactly what was made. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#monitor.stop();
    this.#watch.end();
    for (const timer of [this.#watchTimer, this.#followTimer, this.#settleTimer]) if (timer) clearTimeout(timer);
    await this.#inTurn(async () => {
      dropOverrides(this.#overrides, 'the load balancer stops').forEach(log);
      await this.#tables.remove();
      await this.#owned.release();
    });
  }

  /** Makes rules and addresses fit a host that has changed; a host that changes meanwhile may need another try. */
  #follow(): void {
    void this.#inTurn(() => this.#lookAround()).catch((error: unknown) => {
      logError(error);
      if (!this.#stopped) this.#followTimer = setTimeout(() => this.#follow(), WATCH_MS);
    });
  }

  async #lookAround(): Promise<void> {
    // The next configuration looks anyway.
    if (this.#stopped || this.#desired.services.length === 0) return;
    const began = performance.now();
    const former = this.#fitted;
    await this.#readHost();
    if (this.#facts === former) return;
    await this.#adopt(this.#desired);
    const all = this.#owned.all;
    const macs = new Map(former.interfaces.map(({ name, mac }) => [name, mac]));
    const moved = this.#facts.interfaces.filter(({ name, mac }) => (macs.get(name) ?? mac) !== mac);
    await announce(all, moved, all);
    log({ event: 'host-changed', durationMs: Math.round(performance.now() - began) });
  }

  /** Looks at the host as it is now. */
  async #readHost(): Promise<void> {
    const found = await readFacts();
    this.#owned.follow(renamesSince(this.#facts, found));
    const lost = lostFrom(found, this.#owned.all, this.#facts);
    const facts = withoutHoldings(found, this.#owned.all);
    this.#owned.forget(lost);
    if (lost.length > 0 || !isDeepStrictEqual(facts, this.#facts)) this.#facts = facts;
  }

  async #adoptBelow(config: LbConfig): Promise<void> {
    const { kept, dropped } = sortOverrides(this.#overrides, config);
    await this.#adopt(withOverrides(config, kept), kept);
    dropped.forEach(log);
  }

  async #adopt(config: LbConfig, overrides = this.#overrides): Promise<void> {
    const next = this.#pool.next(config);
    const holdings = holdingsFor(next, this.#facts);
    this.#macs = await resolveNeighbours(this.#keptNeighbours(next), NEIGHBOUR_DEADLINE_MS);
    const before = this.#owned.all;
    this.#owned.expect(holdings);
    const applying = this.#apply(next, overrides);
    try {
      const [fresh] = await Promise.all([this.#owned.add(holdings), applying]);
      await announce(fresh, this.#facts.interfaces, before);
    } catch (error) {
      // Rules that are on their way would come after all that is undone.
      const applied = await applying.then(
        () => true,
        () => false,
      );
      await this.#owned.rollBack(before);
      if (applied) await this.#apply(this.#pool.config).catch(logError);
      throw error;
    }
    this.#pool.adopt(next);
    this.#desired = config;
    this.#overrides = overrides;
    this.#targets.release(next);
    this.#monitor.watch(this.#targets.all(next));
    const gone = await this.#owned.keepOnly(holdings);
    // What the tables note is taken back after a crash: by then it might be somebody else's.
    if (gone.length > 0) await this.#apply(next);
    this.#fitted = this.#facts;
    this.#scheduleWatch();
  }

  async #apply(config: LbConfig, overrides = this.#overrides): Promise<void> {
    // Steady while the rules are made, whatever time passes.
    const settled = new Map<LbService, boolean>();
    const input: RenderInput = {
      config,
      facts: this.#facts,
      roleOf: (service, server) => this.#pool.roleOf(service, server),
      flowsOf: this.#flows,
      isSettled: (service) => settled.get(service) ?? false,
      macOf: (address) => this.#macs.get(address) ?? null,
      checkPortOf: (service) => this.#targets.portOf(service),
      uid: process.getuid?.() ?? 0,
    };
    for (const service of config.services.filter((one) => isDirect(one) && reusesPorts(one))) {
      this.#settling.note(service, rolesOf(input, service));
      settled.set(service, this.#settling.isSettled(service));
    }
    const tables = render(input, this.#owned.all, overrides);
    await this.#tables.apply(tables).catch(async (error: unknown) => {
      throw await explainRefusal(error, tables.map(formatTable).join(''));
    });
    // Whoever waits for this change is told first.
    setImmediate(() => {
      if (!this.#stopped) this.#tables.prepare();
    });
    this.#scheduleSettling([...settled].flatMap(([service, isSettled]) => (isSettled ? [] : [service])));
  }

  /** Rules change once more when the last of these services has settled. */
  #scheduleSettling(unsettled: LbService[]): void {
    if (this.#settleTimer) clearTimeout(this.#settleTimer);
    this.#settleTimer = null;
    if (unsettled.length === 0 || this.#stopped) return;
    const ms = unsettled.reduce((longest, service) => Math.max(longest, this.#settling.msLeft(service)), 0);
    this.#settleTimer = setTimeout(() => void this.refresh(), ms + 1);
  }

  #stateChanges(): LogEvent[] {
    const changes: LogEvent[] = [];
    const watched = new Set<string>();
    for (const service of this.#pool.config.services) {
      // Without checks it is no news that a server is up.
      const assumed = service.check.type === 'none' ? true : null;
      for (const server of service.servers) {
        const { up, checked, reason } = this.stateOf(service, server);
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

  /** While servers drain or flows decide who is next, flows are counted; while rules hold MACs, these are looked at. */
  #scheduleWatch(): void {
    if (this.#watchTimer || this.#stopped) return;
    const { services } = this.#pool.config;
    const counting = this.#pool.draining().length > 0 || services.some((s) => s.scheduler === 'least-connections');
    if (!counting && this.#keptNeighbours(this.#pool.config).length === 0) return;
    this.#watchTimer = setTimeout(() => {
      this.#watchTimer = null;
      void this.#inTurn(() => this.#look(counting)).then(
        () => this.refresh().then(() => this.#scheduleWatch()),
        logError,
      );
    }, WATCH_MS);
  }

  async #look(counting: boolean): Promise<void> {
    if (this.#stopped) return;
    this.#macs = await resolveNeighbours(this.#keptNeighbours(this.#pool.config), 0);
    if (!counting) return;
    this.#flows = await countFlows(this.#pool.config);
    for (const draining of this.#pool.draining()) {
      const { service, server } = draining;
      const reason = this.#pool.finish(draining, this.#flows(service, server));
      if (reason !== null) log({ event: 'drained', service: service.name, server: server.name, reason });
    }
  }

  #keptNeighbours(config: LbConfig): { address: string; dev: string }[] {
    const kept = config.services.filter(({ sourceMac }) => sourceMac === 'keep');
    return kept.flatMap(({ servers }) =>
      servers.flatMap(({ address }) => {
        const dev = deviceFor(this.#facts, address);
        return dev === null ? [] : [{ address, dev }];
      }),
    );
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change, change);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function logError(error: unknown): void {
  log({ event: 'error', code: error instanceof LbError ? error.code : 'internal', message: String(error) });
}
