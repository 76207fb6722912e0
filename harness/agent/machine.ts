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

/** What a node is by its plan, and the programs that belong to that: all that comes and goes with its power. */
export class Machine {
  #applied: Applied | null = null;
  readonly #listeners = new Map<string, Listening>();
  #balancer: Balancer | null = null;
  #member: PairMember | null = null;
  readonly #tunnels: Tunnels;
  /** Interfaces that are down. */
  readonly #down = new Set<string>();
  #hasPower = true;
  /** Whether a program that was killed may have left something. */
  #isLittered = false;
  /** Whether checks by HTTP are answered with 503. */
  failsChecks = false;
  #isSilent = false;
  #servicesDown: string[] = [];

  /**
   * @param tables those of nftables when nothing was configured yet
   * @param beneath devices beneath trunks, which no plan knows
   */
  constructor(
    private readonly tables: string,
    private readonly beneath: string[],
    private readonly emit: (message: FromAgent) => void,
  ) {
    this.#tunnels = new Tunnels((line) => this.emit({ event: 'log', line }));
  }

  /** The plan in force; null while there is none. */
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
    this.#applied = await apply(node, this.beneath);
    for (const { name, up } of node.interfaces) if (up === false) this.#down.add(name);
    await this.#tunnels.change(tunnelsOf(node));
    await this.listen();
  }

  /** Puts a configuration in force, starting the load balancer if need be. */
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
    this.#isLittered = true;
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

  /** Listens at everything that the plan has and nothing else. */
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

  /** Ends listeners with their connections, until `listen`. */
  async stopListening(): Promise<void> {
    this.#isSilent = true;
    await this.#stopListening(() => true);
  }

  /** Only DNS servers need to know this. */
  async noteServicesDown(services: string[]): Promise<void> {
    this.#servicesDown = services;
    if (!this.#isSilent) await this.listen();
  }

  /** Goes to another plan. A load balancer that was ended stays so. */
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

  /** What is lost with the power is lost: nothing says so to anybody. */
  async powerOff(): Promise<void> {
    if (!this.#hasPower || this.#applied === null) return;
    const applied = this.#applied;
    this.#hasPower = false;
    // First, since on a busy machine it takes a while to start ip(8): what a node without power forwards would be no outage.
    // What the kernel and programs say of their end goes nowhere then.
    await this.linkDown(applied.node.interfaces.map(({ name }) => name));
    await Promise.all([this.killBalancer(), this.#member?.kill()]);
    this.#member = null;
    await this.stopListening();
    await this.#tunnels.stop();
    await this.#clean();
    await undo(applied, this.tables);
    // What undoing brings up, and what is left when a bridge is gone.
    await linkDown(applied.node.interfaces.flatMap(({ name, peer }) => (peer === '' ? [] : [name])));
  }

  /** As from a boot. */
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

  /** Undoes all of it but for the load balancer, which goes on without services. @returns the fingerprint */
  async reset(): Promise<string> {
    await this.#member?.kill();
    this.#member = null;
    // Starting the load balancer costs more than all else that a variant needs.
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

  /** What programs see while their node loses power is nobody's state. */
  #tell(change: StateChange): void {
    if (this.#hasPower) this.emit(change);
  }

  #isUp(iface: string): boolean {
    return !this.#down.has(iface);
  }

  async #clean(): Promise<void> {
    await forgetOutOfWindow();
    if (this.#isLittered) await wipe(this.tables);
    this.#isLittered = false;
  }

  async #stopListening(which: (key: string) => boolean): Promise<void> {
    const ending = [...this.#listeners].filter(([key]) => which(key));
    for (const [key] of ending) this.#listeners.delete(key);
    await Promise.all(ending.map(([, listener]) => listener.close()));
  }
}

/** Sockets of UDP are bound to each address; what a DNS server answers hangs on what is down. */
function keyOf(plan: ListenerPlan, addresses: string[], down: string[]): string {
  if (plan.names !== undefined) return JSON.stringify([plan, addresses, down]);
  return JSON.stringify(plan.protocol === 'udp' ? [plan, addresses] : plan);
}
