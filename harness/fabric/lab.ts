import { randomBytes } from 'node:crypto';
import type Dockerode from 'dockerode';
import type { RawFrame, StateChange } from '../agent/protocol.ts';
import { coalesce } from '../coalesce.ts';
import { L4labError } from '../errors.ts';
import type { KnownNeighbour, LinkPlan, Plan } from '../terms/plan.ts';
import type { Trunks } from '../terms/results.ts';
import { bridgeName, removeBridges } from './bridges.ts';
import { cablesOf, endAt, type Cable } from './cables.ts';
import { containerOptions } from './container-options.ts';
import { createContainer, joinWire } from './create-container.ts';
import type { Engine } from './engine.ts';
import { wiresBlocked } from './firewall.ts';
import { prepareHostNetwork, refuseClashes, type HostNetwork } from './host-network.ts';
import { makesTags } from './kernel-features.ts';
import { KEPT_LABEL, LAB_LABEL, NODE_LABEL, OWNER_LABEL, ownerLabel, PROJECT_LABEL, VARIANT_LABEL } from './labels.ts';
import { removeSurely } from './sweep.ts';
import { NodeHandle } from './node-handle.ts';
import { pauseContainer } from './pause-container.ts';
import type { BareNode, Topology } from './lab-topology.ts';
import { createWire, type Wire } from './wire.ts';

export interface BootOptions {
  engine: Engine;
  image: string;
  /** Further labels, e.g. those by which a reaper finds what to remove. */
  labels?: Record<string, string>;
  /** What the lab is for that stays after this process. */
  kept?: { project: string; scenario: string; variant: string };
  /** False only to find out what captures cost: without them no verdict can be had. */
  captures?: boolean;
  /** Aborts the boot; what was made is removed. */
  signal?: AbortSignal;
}

/** A booted lab: containers, wires, agents that answer. It can be configured and reset many times. */
export class Lab implements AsyncDisposable {
  readonly #nodes: Map<string, NodeHandle>;
  #host: Promise<HostNetwork>;
  readonly #fingerprints: Map<string, string>;
  #trunks: Trunks | null;
  #configured: Plan | null = null;
  readonly #paused = new Set<string>();
  #listener: (node: string, iface: string, frames: RawFrame[]) => void = () => undefined;
  #stateListener: (node: string, change: StateChange) => void = () => undefined;

  private constructor(
    readonly id: string,
    private readonly cleanup: CleanupStack,
    { nodes, host, fingerprints, trunks }: Booted,
  ) {
    this.#nodes = nodes;
    this.#host = host;
    this.#fingerprints = fingerprints;
    this.#trunks = trunks;
    for (const [name, node] of nodes) this.#listenTo(name, node);
  }

  get nodes(): ReadonlyMap<string, NodeHandle> {
    return this.#nodes;
  }

  /** How its trunks carry VLANs; null where it has none. */
  get trunks(): Trunks | null {
    return this.#trunks;
  }

  /** Boots nodes and links; everything else is left for `configure`. */
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
   * Adds nodes, wires between these and others, and ports for them to a lab that is not configured.
   * @param added what the lab does not have, as `beyond` tells it
   * @param options those of the boot; a signal ends nothing halfway
   * @throws L4labError as a boot does: the lab is good for nothing then but to be ended
   */
  async grow(added: Pick<Topology, 'nodes' | 'links'>, options: BootOptions & { ipv6: boolean }): Promise<void> {
    const booting = { id: this.id, labels: labelsOf(this.id, options), options, cleanup: this.cleanup };
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
   * Brings every node to what the plan says, load balancers last, since they check servers.
   * @param neighbours whom nodes ask for their MACs at the end
   * @throws L4labError `address-in-use` or `engine-unavailable` when the engine's host would disturb the lab
   */
  async configure(plan: Plan, neighbours: KnownNeighbour[] = []): Promise<void> {
    refuseClashes(plan, await this.#host);
    this.#configured = plan;
    for (const node of this.nodes.values()) node.log.length = 0;
    await Promise.all(plan.nodes.map((node) => this.node(node.name).call('configure', { node })));
    await Promise.all(
      plan.nodes
        .flatMap(({ name, balancer }) => (balancer === null ? [] : [{ name, balancer }]))
        .map(({ name, balancer }) => this.node(name).call('startBalancer', { balancer })),
    );
    await this.learnNeighbours(neighbours);
  }

  /** Has nodes ask for the MACs of neighbours. What was on the wires until then is captured: it keeps no flow waiting. */
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
   * @returns false when some node is not as it was when freshly booted; such a lab must be thrown away
   */
  async reset(): Promise<boolean> {
    const configured = this.#inUse();
    this.#configured = null;
    const fresh = await Promise.all(
      configured.map(
        async (node) => (await node.call('reset', null)).fingerprint === this.#fingerprints.get(node.name),
      ),
    );
    return fresh.every(Boolean);
  }

  /** Whether every node answers, as far as is known: a lab that nobody uses may lose one as well. */
  get isAlive(): boolean {
    return [...this.nodes.values()].every((node) => node.isAlive);
  }

  node(name: string): NodeHandle {
    return this.nodes.get(name)!;
  }

  /**
   * Has the processes of a node stand still (its kernel goes on), and let them run again. Nothing is asked of a node
   * that is paused: a drain passes it over, and its frames come once it runs again.
   */
  async pause(name: string): Promise<void> {
    this.#paused.add(name);
    // What was read before is answered.
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

  /** Told of each state that a member of a pair, or a server of a load balancer, gets from now on. */
  onState(listener: (node: string, change: StateChange) => void): void {
    this.#stateListener = listener;
  }

  #listenTo(name: string, node: NodeHandle): void {
    node.onFrames = (iface, frames) => this.#listener(name, iface, frames);
    node.onState = (change) => this.#stateListener(name, change);
  }

  /** Answers when every frame that was on a wire by now has been handed to the listener. */
  drain(): Promise<void> {
    return this.#drained();
  }

  /** Flows side by side read the same captures: of a large lab a reading is many messages. */
  readonly #drained = coalesce(async () => {
    const running = this.#inUse().filter(({ name }) => !this.#paused.has(name));
    await Promise.all(running.map((node) => node.call('drain', null)));
  });

  /** The nodes that are configured: a lab may have more than a plan needs. */
  #inUse(): NodeHandle[] {
    return this.#configured?.nodes.map(({ name }) => this.node(name)) ?? [];
  }

  /** Lets the lab live on without this process. */
  async detach(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.call('detach', null)));
    for (const node of this.nodes.values()) node.hangUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The container that tells of the host's network is gone when it has told.
    await Promise.all([this.cleanup.remove(), this.#host.catch(() => undefined)]);
  }
}

interface Booted {
  nodes: Map<string, NodeHandle>;
  host: Promise<HostNetwork>;
  /** Of every node as it was when freshly booted. */
  fingerprints: Map<string, string>;
  trunks: Trunks | null;
}

/** What a lab leaves in Docker, in the order in which it came to be. */
class CleanupStack {
  readonly containers: Dockerode.Container[] = [];
  readonly networks: Dockerode.Network[] = [];
  /** Interfaces on the host of networks that could not be made: the engine does not know them. */
  readonly bridges: string[] = [];
  #wires = 0;

  constructor(private readonly removeBridges: (names: string[]) => Promise<void>) {}

  /** Number of the next wire, by which it is called. */
  nextWire(): number {
    return this.#wires++;
  }

  /** Removes all of it; what is gone already is no error. */
  async remove(): Promise<void> {
    await Promise.all(this.containers.map((container) => removeSurely(container)));
    await Promise.all(this.networks.map((network) => removeSurely(network)));
    await this.removeBridges(this.bridges).catch((error: unknown) => {
      // Why they could not be made is what matters; `clean` finds them as well.
      if (!(error instanceof L4labError)) throw error;
    });
  }
}

async function boot(
  id: string,
  { nodes, links, ipv6 }: Topology,
  options: BootOptions,
  cleanup: CleanupStack,
): Promise<Booted> {
  const booting = { id, labels: labelsOf(id, options), options, cleanup };
  const trunks = await trunksOf(links, options);
  const cables = cablesOf(links, trunks === 'tagged');
  const wires = cables.map((cable) => makeWire(booting, { cable, ipv6 }));
  const fingerprints = new Map<string, string>();
  const own = (name: string): Promise<Wire[]> =>
    Promise.all(cables.flatMap(({ links: [link] }, index) => (isAt(link!, name) ? [wires[index]!] : [])));
  const started = new Map(
    nodes.map((node) => [node.name, own(node.name).then((wired) => bootNode(node, wired, booting))]),
  );
  const tried = tryWire(wires[0]!, started, ipv6, options);
  // The nodes at its ends tell of a failure.
  tried.catch(() => undefined);
  const booted = nodes.map(async (node): Promise<[string, NodeHandle]> => {
    const handle = await started.get(node.name)!;
    const wired = await own(node.name);
    if (wired.includes(await wires[0]!)) await tried;
    fingerprints.set(node.name, await nameInterfaces(handle, node, wired, options.captures ?? true));
    return [node.name, handle];
  });
  // A node that is up has its ports in the engine's networks: what kind of ports these are can be seen from then on.
  const host = Promise.all([Promise.all(wires), Promise.any(booted)]).then(([made]) =>
    prepareHostNetwork(options.engine.docker, options.image, made),
  );
  // Whoever configures the lab is told of a failure.
  host.catch(() => undefined);
  const settled = await Promise.allSettled([...wires, ...booted]);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed || options.signal?.aborted === true) await host.catch(() => undefined);
  options.signal?.throwIfAborted();
  if (failed) throw failed.reason as Error;
  return { nodes: new Map(await Promise.all(booted)), fingerprints, host, trunks };
}

function isAt({ ends }: LinkPlan, name: string): boolean {
  return ends.some(({ node }) => node === name);
}

/** How trunks carry VLANs on an engine; null where no link is one. */
async function trunksOf(links: LinkPlan[], { engine, image }: BootOptions): Promise<Trunks | null> {
  if (links.every(({ vlan }) => vlan === undefined)) return null;
  return (await makesTags(engine, image)) ? 'tagged' : 'wires';
}

/** Waits for all, so that nothing comes to be once somebody takes the lab down, and then throws the first error. */
async function allSettled<T>(work: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function labelsOf(id: string, { labels, kept }: BootOptions): Record<string, string> {
  return {
    ...labels,
    [LAB_LABEL]: id,
    [OWNER_LABEL]: ownerLabel(),
    ...(kept === undefined
      ? {}
      : { [KEPT_LABEL]: kept.scenario, [VARIANT_LABEL]: kept.variant, [PROJECT_LABEL]: kept.project }),
  };
}

async function makeWire(
  { id, labels, options, cleanup }: Booting,
  { cable, ipv6 }: { cable: Cable; ipv6: boolean },
): Promise<Wire> {
  const number = cleanup.nextWire();
  const bridge = bridgeName(id, number);
  try {
    const name = `l4lab-${id}-${number}`;
    const wire = await createWire(options.engine.docker, { name, bridge, cable, labels, ipv6 });
    cleanup.networks.push(wire.network);
    return wire;
  } catch (error) {
    cleanup.bridges.push(bridge);
    throw error;
  }
}

const WIRE_DEADLINE_MS = 5000;

/**
 * What the two ends of a wire are called while it is tried (RFC 2544, RFC 5180): to the engine's host as foreign as the
 * addresses of labs are, since a filter may ask where it would route them.
 */
const TRIED_ADDRESSES = [
  ['198.18.77.1/30', '2001:2:0:4c34::1/64'],
  ['198.18.77.2/30', '2001:2:0:4c34::2/64'],
];

/**
 * Sends a packet there and back over one of a lab's wires, in each IP version that it must carry: the others are made
 * in the same way.
 * @throws L4labError `host-firewall` when nothing comes back
 */
async function tryWire(
  made: Promise<Wire>,
  nodes: ReadonlyMap<string, Promise<NodeHandle>>,
  ipv6: boolean,
  { engine, image }: BootOptions,
): Promise<void> {
  const { addresses } = await made;
  const [here, there] = await Promise.all(Object.keys(addresses).map((name) => nodes.get(name)!));
  const [mine, theirs] = TRIED_ADDRESSES.map((both) => (ipv6 ? both : both.slice(0, 1)));
  const ends = await there!.call('answerAt', { wireAddress: addresses[there!.name]!, addresses: theirs! });
  const silent = await here!.call('silentEnds', {
    wireAddress: addresses[here!.name]!,
    addresses: mine!,
    ends,
    timeoutMs: WIRE_DEADLINE_MS,
  });
  if (silent.length > 0) throw await wiresBlocked(engine.docker, image, silent);
}

/** A lab that is coming to be. */
interface Booting {
  id: string;
  labels: Record<string, string>;
  options: BootOptions;
  cleanup: CleanupStack;
}

async function bootNode(node: BareNode, wires: Wire[], { id, labels, options, cleanup }: Booting): Promise<NodeHandle> {
  const { engine, image, signal } = options;
  signal?.throwIfAborted();
  const create = containerOptions({
    name: node.name,
    image,
    labels: { ...labels, [NODE_LABEL]: node.name },
    apparmor: engine.apparmor,
  });
  const container = await createContainer(
    engine.docker,
    { node: node.name, wires, options: { ...create, name: `l4lab-${id}-${node.name}` } },
    cleanup.containers,
  );
  const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
  const handle = new NodeHandle(node.name, container, stream);
  await container.start();
  handle.watch();
  await handle.greeted();
  return handle;
}

async function nameInterfaces(handle: NodeHandle, node: BareNode, wires: Wire[], captures: boolean): Promise<string> {
  const interfaces = wires.map(({ cable, addresses }) => endAt(node, cable, addresses[node.name]!));
  const { fingerprint } = await handle.call('wire', { interfaces, captures });
  return fingerprint;
}
