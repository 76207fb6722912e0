import { randomBytes } from 'node:crypto';
import type { RawFrame, StateChange } from '../agent/protocol.ts';
import { coalesce } from '../coalesce.ts';
import type { KnownNeighbour, Plan } from '../terms/plan.ts';
import type { Trunks, TunnelKind } from '../terms/results.ts';
import { removeBridges } from './bridges.ts';
import { cablesOf } from './cables.ts';
import { joinWire } from './create-container.ts';
import { prepareHostNetwork, rejectConflicts, type HostNetwork } from './host-network.ts';
import type { NodeHandle } from './node-handle.ts';
import { pauseContainer } from './pause-container.ts';
import type { Topology } from './lab-topology.ts';
import type { Wire } from './wire.ts';
import {
  type BootOptions,
  type Booted,
  boot,
  trunksOf,
  allSettled,
  labelsOf,
  makeWire,
  bootNode,
  nameInterfaces,
} from './boot-lab.ts';
import { CleanupStack } from './cleanup-stack.ts';

/** A booted lab: containers, wires and responding agents. It can be configured and reset many times. */
export class Lab implements AsyncDisposable {
  readonly #nodes: Map<string, NodeHandle>;
  #host: Promise<HostNetwork>;
  readonly #fingerprints: Map<string, string>;
  #trunks: Trunks | null;
  readonly #tunnels: TunnelKind | null;
  #configured: Plan | null = null;
  /** Whether a node could not be configured: what it had done before that is not undone. */
  #isHalfConfigured = false;
  readonly #paused = new Set<string>();
  #listener: (node: string, iface: string, frames: RawFrame[]) => void = () => undefined;
  #stateListener: (node: string, change: StateChange) => void = () => undefined;

  private constructor(
    readonly id: string,
    private readonly cleanup: CleanupStack,
    { nodes, host, fingerprints, trunks, tunnels }: Booted,
  ) {
    this.#nodes = nodes;
    this.#host = host;
    this.#fingerprints = fingerprints;
    this.#trunks = trunks;
    this.#tunnels = tunnels;
    for (const [name, node] of nodes) this.#listenTo(name, node);
  }

  get nodes(): ReadonlyMap<string, NodeHandle> {
    return this.#nodes;
  }

  /** How its trunks carry VLANs; null without trunks. */
  get trunks(): Trunks | null {
    return this.#trunks;
  }

  /** How its load balancers send packets through tunnels; null without tunnels. */
  get tunnels(): TunnelKind | null {
    return this.#tunnels;
  }

  /** Boots nodes and links; everything else is configured by `configure`. */
  static async boot(topology: Topology, options: BootOptions): Promise<Lab> {
    options.signal?.throwIfAborted();
    const id = randomBytes(4).toString('hex');
    const cleanup = new CleanupStack((bridges) => removeBridges(options.engine.docker, options.image, bridges));
    try {
      return new Lab(id, cleanup, await boot(id, topology, options, cleanup));
    } catch (error) {
      await cleanup.remove();
      throw error;
    }
  }

  /**
   * Adds nodes, wires and ports to a lab that is not configured.
   * @param added what the lab lacks, from `additions`
   * @param options those of the boot; the signal cannot interrupt it
   * @throws L4labError like a boot: the lab must then be removed
   */
  async grow(added: Pick<Topology, 'nodes' | 'links'>, options: BootOptions & { ipv6: boolean }): Promise<void> {
    const tun = this.#tunnels === 'programs';
    const booting = { id: this.id, labels: labelsOf(this.id, options), options, cleanup: this.cleanup, tun };
    const { ipv6 } = options;
    this.#trunks ??= await trunksOf(added.links, options);
    const cables = cablesOf(added.links, this.#trunks === 'tagged');
    const wires = await allSettled(cables.map((cable) => makeWire(booting, { cable, ipv6 })));
    const own = (name: string): Wire[] => wires.filter(({ addresses }) => name in addresses);
    await allSettled(
      added.nodes.map(async (node) => {
        const present = this.#nodes.get(node.name);
        const wired = own(node.name);
        if (present) await Promise.all(wired.map((wire) => joinWire(present.container, node.name, wire)));
        const handle = present ?? (await bootNode(node, wired, booting));
        this.#fingerprints.set(node.name, await nameInterfaces(handle, node, wired, options.captures ?? true));
        this.#nodes.set(node.name, handle);
        this.#listenTo(node.name, handle);
      }),
    );
    this.#host = prepareHostNetwork(options.engine.docker, options.image, wires);
    await this.#host;
  }

  /**
   * Configures every node according to the plan; load balancers last, since they check servers.
   * @param neighbours to resolve at the end
   * @throws L4labError `address-in-use` or `engine-unavailable` if the engine's host would disturb the lab
   */
  async configure(plan: Plan, neighbours: KnownNeighbour[] = []): Promise<void> {
    rejectConflicts(plan, await this.#host);
    this.#configured = plan;
    for (const node of this.nodes.values()) node.log.length = 0;
    const configured = await Promise.allSettled(
      plan.nodes.map((node) => this.node(node.name).call('configure', { node })),
    );
    const failure = configured.find((one) => one.status === 'rejected');
    if (failure !== undefined) {
      this.#isHalfConfigured = true;
      throw failure.reason;
    }
    await Promise.all(
      plan.nodes
        .flatMap(({ name, balancer }) => (balancer === null ? [] : [{ name, balancer }]))
        .map(({ name, balancer }) => this.node(name).call('startBalancer', { balancer })),
    );
    await this.learnNeighbours(neighbours);
  }

  /** Makes nodes resolve neighbours. Their packets are captured before flows start. */
  async learnNeighbours(neighbours: KnownNeighbour[]): Promise<void> {
    const asking = this.#inUse().flatMap((node) => {
      const own = neighbours.filter((one) => one.node === node.name);
      return own.length === 0 ? [] : [node.call('learnNeighbours', { neighbours: own })];
    });
    await Promise.all(asking);
    await this.drain();
  }

  /**
   * Undoes `configure`.
   * @returns false if some node differs from its freshly booted state; such a lab must be discarded
   */
  async reset(): Promise<boolean> {
    const configured = this.#inUse();
    this.#configured = null;
    const fresh = await Promise.all(
      configured.map(
        async (node) => (await node.call('reset', null)).fingerprint === this.#fingerprints.get(node.name),
      ),
    );
    return fresh.every(Boolean) && !this.#isHalfConfigured;
  }

  /** Whether no node is known to have failed, which also happens to idle labs. */
  get isAlive(): boolean {
    return [...this.nodes.values()].every((node) => node.isAlive);
  }

  node(name: string): NodeHandle {
    return this.nodes.get(name)!;
  }

  /**
   * Pauses or resumes the processes of a node (its kernel keeps running). Paused nodes get no calls: a drain skips
   * them, and their frames arrive after they resume.
   */
  async pause(name: string): Promise<void> {
    this.#paused.add(name);
    // Let pending calls finish first.
    await this.#drained();
    await pauseContainer(this.node(name).container, name);
  }

  async resume(name: string): Promise<void> {
    await this.node(name).container.unpause();
    this.#paused.delete(name);
  }

  onFrames(listener: (node: string, iface: string, frames: RawFrame[]) => void): void {
    this.#listener = listener;
  }

  /** Calls back for each later state change of a pair member or a load balancer's server. */
  onState(listener: (node: string, change: StateChange) => void): void {
    this.#stateListener = listener;
  }

  #listenTo(name: string, node: NodeHandle): void {
    node.onFrames = (iface, frames) => this.#listener(name, iface, frames);
    node.onState = (change) => this.#stateListener(name, change);
  }

  /** Resolves when every frame captured so far has been passed to the listener. */
  drain(): Promise<void> {
    return this.#drained();
  }

  /** Shared by concurrent flows: draining a large lab takes many messages. */
  readonly #drained = coalesce(async () => {
    const running = this.#inUse().filter(({ name }) => !this.#paused.has(name));
    await Promise.all(running.map((node) => node.call('drain', null)));
  });

  /** Configured nodes: a lab may have more nodes than a plan. */
  #inUse(): NodeHandle[] {
    return this.#configured?.nodes.map(({ name }) => this.node(name)) ?? [];
  }

  /** Lets the lab outlive this process. */
  async detach(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.call('detach', null)));
    for (const node of this.nodes.values()) node.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The container that reads the host's network ends by itself.
    await Promise.all([this.cleanup.remove(), this.#host.catch(() => undefined)]);
  }
}
