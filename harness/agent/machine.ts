import { host } from '../scenario/address.ts';
import { goneAddresses, interfaceAddresses } from '../scenario/lookup.ts';
import type { BalancerPlan, ListenerPlan, NodePlan, PairPlan } from '../terms/plan.ts';
import type { Balancer } from './balancers/balancer.ts';
import { BALANCERS } from './balancers/kinds.ts';
import { listen } from './listen.ts';
import type { Listening } from './listening.ts';
import { apply, change, fingerprint, linkDown, linkUp, undo, wipe, type Applied } from './namespace.ts';
import { PairMember } from './pair.ts';
import type { FromAgent, StateChange } from './protocol.ts';
import { forgetOutOfWindow } from './out-of-window.ts';
import { Tunnels, tunnelsOf } from './tunnels.ts';
import { wallClock } from './wall-clock.ts';

/** A node's configuration according to its plan, and its programs: everything that depends on power. */
export class Machine {
  #applied: Applied | null = null;
  readonly #listeners = new Map<string, Listening>();
  #balancer: Balancer | null = null;
  #member: PairMember | null = null;
  readonly #tunnels: Tunnels;
  /** Interfaces that are down. */
  readonly #down = new Set<string>();
  #hasPower = true;
  /** Whether a killed program may have left rules or addresses. */
  #needsCleanup = false;
  /** Whether HTTP health checks are answered with 503. */
  failsChecks = false;
  #isSilent = false;
  #servicesDown: string[] = [];

  /**
   * @param tables nft tables before any configuration
   * @param lowerDevices lower devices of trunks, which are not in plans
   */
  constructor(
    private readonly tables: string,
    private readonly lowerDevices: string[],
    private readonly emit: (message: FromAgent) => void,
  ) {
    this.#tunnels = new Tunnels((line) => this.emit({ event: 'log', line }));
  }

  /** The active plan, or null. */
  get node(): NodePlan | null {
    return this.#applied?.node ?? null;
  }

  get balancer(): Balancer | null {
    return this.#balancer;
  }

  get member(): PairMember | null {
    return this.#member;
  }

  async configure(node: NodePlan): Promise<void> {
    this.#applied = await apply(node, this.lowerDevices);
    for (const { name, up } of node.interfaces) if (up === false) this.#down.add(name);
    await this.#tunnels.change(tunnelsOf(node));
    await this.listen();
  }

  /** Applies a configuration, starting the load balancer if necessary. */
  async startBalancer({ kind, config }: BalancerPlan): Promise<void> {
    if (this.#balancer?.running) return this.#balancer.reload(config);
    this.#balancer = await BALANCERS[kind](config, {
      log: (line) => this.emit({ event: 'log', line }),
      serverState: (state) => this.#tell({ event: 'server', at: wallClock(), ...state }),
    });
  }

  async killBalancer(): Promise<void> {
    if (!this.#balancer?.running) return;
    await this.#balancer.kill();
    this.#needsCleanup = true;
  }

  async startPair(pair: PairPlan): Promise<void> {
    this.#member = await PairMember.start(pair, this.node!, {
      log: (line) => this.emit({ event: 'log', line }),
      state: (state) => this.#tell({ event: 'pair', at: wallClock(), pair: pair.name, state }),
    });
  }

  async stopPair(): Promise<void> {
    await this.#member?.stop();
    this.#member = null;
  }

  /** Starts and stops listeners according to the plan. */
  async listen(): Promise<void> {
    this.#isSilent = false;
    const { node } = this;
    if (node === null || !this.#hasPower) return;
    const gone = goneAddresses(node, ({ name }) => this.#isUp(name));
    const isHere = (address: string): boolean => !gone.includes(address);
    const addresses = [...interfaceAddresses(node), ...node.loopback.map(host)].filter(isHere);
    const possible = node.listeners.filter(({ address }) => address === undefined || isHere(address));
    const wanted = new Map(possible.map((plan) => [keyOf(plan, addresses, this.#servicesDown), plan]));
    await this.#stopListening((key) => !wanted.has(key));
    const context = {
      failsChecks: (): boolean => this.failsChecks,
      isHere,
      servicesDown: this.#servicesDown,
      log: (line: string): void => this.emit({ event: 'log', line }),
    };
    await Promise.all(
      [...wanted].map(async ([key, plan]) => {
        if (this.#listeners.has(key)) return;
        this.#listeners.set(key, await listen(node.name, plan, addresses, context));
      }),
    );
  }

  /** Closes all listeners and their connections, until `listen`. */
  async stopListening(): Promise<void> {
    this.#isSilent = true;
    await this.#stopListening(() => true);
  }

  /** Affects only DNS servers. */
  async noteServicesDown(services: string[]): Promise<void> {
    this.#servicesDown = services;
    if (!this.#isSilent) await this.listen();
  }

  /** Changes to another plan. A stopped load balancer stays stopped. */
  async change(node: NodePlan): Promise<void> {
    if (!this.#hasPower || this.#applied === null) return;
    const former = this.#applied.node;
    const isDown = ({ name, up }: { name: string; up?: false }): boolean => up === false && this.#isUp(name);
    await this.linkDown(node.interfaces.filter(isDown).map(({ name }) => name));
    const ups = node.interfaces.filter(({ name, up }) => up !== false && !this.#isUp(name)).map(({ name }) => name);
    this.#applied = await change(this.#applied, node, (dev) => this.#isUp(dev));
    await this.linkUp(ups);
    await this.#tunnels.change(tunnelsOf(node));
    if (!this.#isSilent) await this.listen();
    const wasOn = former.balancer !== null;
    if (node.balancer === null) await this.#balancer?.stop();
    else if (!wasOn || this.#balancer?.running) await this.startBalancer(node.balancer);
  }

  async linkDown(ifaces: string[]): Promise<void> {
    for (const name of ifaces) this.#down.add(name);
    await linkDown(ifaces);
  }

  async linkUp(ifaces: string[]): Promise<void> {
    if (ifaces.length === 0 || !this.#hasPower || this.#applied === null) return;
    for (const name of ifaces) this.#down.delete(name);
    await linkUp(this.#applied.node, ifaces, (dev) => this.#isUp(dev));
    if (!this.#isSilent) await this.listen();
  }

  /** Everything stops silently, without notifying anybody. */
  async powerOff(): Promise<void> {
    if (!this.#hasPower || this.#applied === null) return;
    const applied = this.#applied;
    this.#hasPower = false;
    // First, because starting ip(8) may take long on a busy machine, and a node without power must not forward
    // meanwhile. Also hides the last packets of the kernel and of programs.
    await this.linkDown(applied.node.interfaces.map(({ name }) => name));
    await Promise.all([this.killBalancer(), this.#member?.kill()]);
    this.#member = null;
    await this.stopListening();
    await this.#tunnels.stop();
    await this.#clean();
    await undo(applied, this.tables);
    // Takes down what undoing brings up, and what remains after removing a bridge.
    await linkDown(applied.node.interfaces.flatMap(({ name, peer }) => (peer === '' ? [] : [name])));
  }

  /** Comes up as after a boot. */
  async powerOn(node: NodePlan, pairs: PairPlan[]): Promise<void> {
    if (this.#hasPower) return;
    this.#hasPower = true;
    this.#down.clear();
    this.failsChecks = false;
    await this.configure(node);
    await linkUp(
      node,
      node.interfaces.flatMap(({ name, up }) => (up === false ? [] : [name])),
      (dev) => this.#isUp(dev),
    );
    if (node.balancer !== null) await this.startBalancer(node.balancer);
    for (const pair of pairs) await this.startPair(pair);
  }

  /** Undoes everything but the load balancer, which keeps running without services. @returns the fingerprint */
  async reset(): Promise<string> {
    await this.#member?.kill();
    this.#member = null;
    // Starting the load balancer costs more than everything else for a variant.
    if (this.#balancer?.running) await this.#balancer.clear();
    await this.stopListening();
    await this.#tunnels.stop();
    await this.#clean();
    const applied = this.#applied;
    const down = [...this.#down].filter((name) => name !== 'br0');
    this.#applied = null;
    this.#hasPower = true;
    this.failsChecks = false;
    this.#servicesDown = [];
    this.#down.clear();
    return applied ? undo(applied, this.tables, down) : fingerprint();
  }

  async stop(): Promise<void> {
    await this.stopPair();
    await this.#balancer?.stop();
    await this.#tunnels.stop();
    await this.stopListening();
  }

  /** Programs' events during a power failure are not reported. */
  #tell(change: StateChange): void {
    if (this.#hasPower) this.emit(change);
  }

  #isUp(iface: string): boolean {
    return !this.#down.has(iface);
  }

  async #clean(): Promise<void> {
    await forgetOutOfWindow();
    if (this.#needsCleanup) await wipe(this.tables);
    this.#needsCleanup = false;
  }

  async #stopListening(which: (key: string) => boolean): Promise<void> {
    const ending = [...this.#listeners].filter(([key]) => which(key));
    for (const [key] of ending) this.#listeners.delete(key);
    await Promise.all(ending.map(([, listener]) => listener.close()));
  }
}

/** UDP sockets are bound to each address; answers of a DNS server depend on services that are down. */
function keyOf(plan: ListenerPlan, addresses: string[], down: string[]): string {
  if (plan.names !== undefined) return JSON.stringify([plan, addresses, down]);
  return JSON.stringify(plan.protocol === 'udp' ? [plan, addresses] : plan);
}
