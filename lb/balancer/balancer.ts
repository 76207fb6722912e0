import { requireForwarding } from '../host/require-forwarding.ts';
import { announce } from '../host/announce.ts';
import { holdingsFor } from '../host/holdings.ts';
import { explainRefusal } from '../host/kernel-features.ts';
import { KernelTables } from '../host/kernel-tables.ts';
import type { CheckedState } from '../health/server-state.ts';
import type { RenderInput } from '../render/input.ts';
import { reusesPorts } from '../render/members.ts';
import { rolesOf } from '../render/remember.ts';
import { render } from '../render/render.ts';
import type { Table } from '../render/ruleset.ts';
import { formatTable } from '../render/ruleset.ts';
import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import { isIdle } from '../terms/split-services.ts';
import type { Holding } from '../terms/holding.ts';
import { log, logError } from '../terms/log.ts';
import { isDirect } from '../terms/mode.ts';
import type { Override, OverrideFields } from '../terms/overrides.ts';
import { dropOverrides, override, sortOverrides, withOverrides } from '../terms/overrides.ts';
import { ChangeQueue } from './change-queue.ts';
import { HostView } from './host-view.ts';
import { Pool } from './pool.ts';
import { ServerStates } from './server-states.ts';
import { Settling } from './settling.ts';
import { TrafficWatch } from './traffic-watch.ts';

/** A running load balancer: owns its state on the host, updates it and removes it. */
export class Balancer {
  readonly #pool: Pool;
  readonly #states: ServerStates;
  readonly #traffic: TrafficWatch;
  readonly #host: HostView;
  readonly #tables: KernelTables;
  readonly #settling = new Settling();
  readonly #queue = new ChangeQueue();
  #desired: LbConfig = { version: 1, vipOwner: true, services: [] };
  /** Set by the API; already applied in `#desired`. */
  #overrides: Override[] = [];
  #refreshing: Promise<void> | null = null;
  #stopped = false;

  private constructor(tables: KernelTables, owned: Holding[]) {
    const host = new HostView(owned, () => this.#queue.run(() => this.#reconcile()));
    const pool = new Pool((service, server) => this.stateOf(service, server).up);
    const traffic = new TrafficWatch({
      pool,
      facts: () => host.facts,
      apply: (poll) => this.#queue.run(poll).then(() => this.refresh()),
    });
    const inputs = () => ({
      facts: host.facts,
      macOf: (address: string) => traffic.macOf(address),
      takenOver: tables.takenOver,
    });
    this.#states = new ServerStates(inputs, () => void this.refresh());
    this.#tables = tables;
    this.#host = host;
    this.#pool = pool;
    this.#traffic = traffic;
  }

  /**
   * Sets up rules and addresses, and waits for the first round of health checks. Resolves when traffic is served.
   * Adopts the state of a process that died without breaking its flows.
   * @throws {LbError} after rolling back everything.
   */
  static async start(config: LbConfig): Promise<Balancer> {
    const [{ tables, owned, overrides }] = await Promise.all([KernelTables.open(), requireForwarding(config)]);
    const balancer = new Balancer(tables, owned);
    try {
      await balancer.#queue.run(async () => {
        await balancer.#host.open();
        balancer.#overrides = overrides;
        await balancer.#adoptWithOverrides(config);
      });
      await balancer.settled();
    } catch (error) {
      await balancer.stop();
      throw error;
    }
    return balancer;
  }

  /** Active configuration, including servers that are being removed. */
  get config(): LbConfig {
    return this.#pool.config;
  }

  /** Configuration as last requested. */
  get desired(): LbConfig {
    return this.#desired;
  }

  /** Values that the API has set in place of the configuration's. */
  get overrides(): Override[] {
    return this.#overrides;
  }

  /** Rules in force. */
  get rules(): Table[] {
    return this.#tables.current;
  }

  /** Number of rule changes, and duration of the last one. */
  get applied(): { count: number; lastMs: number } {
    return this.#tables.applied;
  }

  /**
   * Applies a changed configuration file without touching established flows. Overrides set by the API stay, unless the
   * file has changed there.
   * @throws {LbError} with the previous configuration still active.
   */
  async reload(config: LbConfig): Promise<void> {
    await this.#queue.run(async () => {
      await requireForwarding(config);
      await this.#host.read();
      await this.#adoptWithOverrides(config);
    });
  }

  /**
   * Applies exactly this configuration without touching established flows.
   * @throws {LbError} with the previous configuration still active.
   */
  async replace(config: LbConfig): Promise<void> {
    await this.#queue.run(async () => {
      await requireForwarding(config);
      await this.#host.read();
      const dropped = dropOverrides(this.#overrides, 'the API has replaced the configuration', config);
      await this.#adopt(config, []);
      dropped.forEach(log);
    });
  }

  /** Resolves when every server has been checked once and the rules reflect the results. */
  async settled(): Promise<void> {
    await this.#states.firstRound();
    await this.refresh();
  }

  /**
   * Changes the weight or draining of a server, which needs no new facts of the host. Returns the changed server; null
   * if there is none.
   * @throws {LbError} with the previous configuration still active.
   */
  adjust(serviceName: string, serverName: string, fields: OverrideFields): Promise<LbServer | null> {
    return this.#queue.run(async () => {
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

  /** Renders and applies again after a server's state has changed. Concurrent calls share the next run. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#queue
      .run(async () => {
        this.#refreshing = null;
        if (this.#stopped) return;
        // Read before applying: a state that changes meanwhile is not in the rules yet, and readers of the log rely on
        // that.
        const changes = this.#states.changes(this.#pool.config);
        await this.#apply(this.#pool.config);
        changes.forEach(log);
      })
      .catch(logError);
    return this.#refreshing;
  }

  /** Health of a server in a service, with its reason. */
  stateOf(service: LbService, server: LbServer): CheckedState {
    return this.#states.of(service, server);
  }

  /** Role of a server in a service. */
  roleOf(service: LbService, server: LbServer) {
    return this.#pool.roleOf(service, server);
  }

  /** Stops the health checks and removes everything that was created. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const part of [this.#states, this.#host, this.#traffic, this.#settling]) part.end();
    await this.#queue.run(async () => {
      dropOverrides(this.#overrides, 'the load balancer stops').forEach(log);
      await this.#tables.remove();
      await this.#host.owned.release();
    });
  }

  async #reconcile(): Promise<void> {
    // The next configuration reads the host anyway.
    if (this.#stopped || isIdle(this.#desired)) return;
    await this.#host.reconcile(() => this.#adopt(this.#desired));
  }

  async #adoptWithOverrides(config: LbConfig): Promise<void> {
    const { kept, dropped } = sortOverrides(this.#overrides, config);
    await this.#adopt(withOverrides(config, kept), kept);
    dropped.forEach(log);
  }

  async #adopt(config: LbConfig, overrides = this.#overrides): Promise<void> {
    const { facts, owned } = this.#host;
    const next = this.#pool.next(config);
    const holdings = holdingsFor(next, facts);
    await this.#traffic.findMacs(next);
    const before = owned.all;
    owned.expect(holdings);
    const applying = this.#apply(next, overrides);
    try {
      const [fresh] = await Promise.all([owned.add(holdings), applying]);
      await announce(fresh, facts.interfaces, before);
    } catch (error) {
      // Rules that are still being applied must not follow the rollback.
      const applied = await applying.then(
        () => true,
        () => false,
      );
      await owned.rollBack(before);
      if (applied) await this.#apply(this.#pool.config).catch(logError);
      throw error;
    }
    this.#pool.adopt(next);
    this.#desired = config;
    this.#overrides = overrides;
    this.#states.watch(next);
    const gone = await owned.keepOnly(holdings);
    // Recorded addresses are removed after a crash, when another program may own them: keep the record current.
    if (gone.length > 0) await this.#apply(next);
    this.#host.setReconciled();
    this.#traffic.schedule();
  }

  async #apply(config: LbConfig, overrides = this.#overrides): Promise<void> {
    // Evaluated once, so that all rules agree.
    const settled = new Map<LbService, boolean>();
    const input: RenderInput = {
      config,
      facts: this.#host.facts,
      roleOf: (service, server) => this.#pool.roleOf(service, server),
      flowsOf: this.#traffic.flowsOf,
      isSettled: (service) => settled.get(service) ?? false,
      macOf: (address) => this.#traffic.macOf(address),
      checkPortOf: (service) => this.#states.checkPortOf(service),
      uid: process.getuid?.() ?? 0,
    };
    for (const service of config.services.filter((one) => isDirect(one) && reusesPorts(one))) {
      this.#settling.note(service, rolesOf(input, service));
      settled.set(service, this.#settling.isSettled(service));
    }
    const tables = render(input, this.#host.owned.all, overrides);
    await this.#tables.apply(tables).catch(async (error: unknown) => {
      throw await explainRefusal(error, tables.map(formatTable).join(''));
    });
    // After the callers that wait for this change.
    setImmediate(() => {
      if (!this.#stopped) this.#tables.prepare();
    });
    // Render again when the last of these services has settled.
    const unsettled = [...settled].flatMap(([service, isSettled]) => (isSettled ? [] : [service]));
    this.#settling.whenSettled(unsettled, () => void this.refresh());
  }
}
