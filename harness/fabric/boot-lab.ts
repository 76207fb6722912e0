import type { LinkPlan } from '../terms/plan.ts';
import type { Trunks, TunnelKind } from '../terms/results.ts';
import { bridgeName } from './bridges.ts';
import { cablesOf, endAt, type Cable } from './cables.ts';
import { containerOptions } from './container-options.ts';
import { createContainer } from './create-container.ts';
import type { Engine } from './engine.ts';
import { explainBlockedWires } from './firewall.ts';
import { prepareHostNetwork, type HostNetwork } from './host-network.ts';
import { kernelHas, TRUNK_TAGS, TUN_DEVICES, TUNNEL_DEVICES } from './kernel-features.ts';
import { KEPT_LABEL, LAB_LABEL, NODE_LABEL, OWNER_LABEL, ownerLabel, PROJECT_LABEL, VARIANT_LABEL } from './labels.ts';
import { NodeHandle } from './node-handle.ts';
import type { BareNode, Topology } from './lab-topology.ts';
import { createWire, type Wire } from './wire.ts';
import type { CleanupStack } from './cleanup-stack.ts';

export interface BootOptions {
  engine: Engine;
  image: string;
  /** Further labels, for example those of a reaper. */
  labels?: Record<string, string>;
  /** Owner of a lab that outlives this process. */
  kept?: { project: string; scenario: string; variant: string };
  /** False only to measure the cost of captures: verdicts need them. */
  captures?: boolean;
  /** Aborts the boot and removes what was created. */
  signal?: AbortSignal;
}

export interface Booted {
  nodes: Map<string, NodeHandle>;
  host: Promise<HostNetwork>;
  /** Fingerprint of every freshly booted node. */
  fingerprints: Map<string, string>;
  trunks: Trunks | null;
  tunnels: TunnelKind | null;
}

export async function boot(
  id: string,
  { nodes, links, ipv6, tunnels: hasTunnels }: Topology,
  options: BootOptions,
  cleanup: CleanupStack,
): Promise<Booted> {
  const [trunks, tunnels] = await Promise.all([
    trunksOf(links, options),
    hasTunnels === true ? tunnelsOf(options) : null,
  ]);
  const booting = { id, labels: labelsOf(id, options), options, cleanup, tun: tunnels === 'programs' };
  const cables = cablesOf(links, trunks === 'tagged');
  const wires = cables.map((cable) => makeWire(booting, { cable, ipv6 }));
  const fingerprints = new Map<string, string>();
  const own = (name: string): Promise<Wire[]> =>
    Promise.all(cables.flatMap(({ links: [link] }, index) => (isAt(link!, name) ? [wires[index]!] : [])));
  const started = new Map(
    nodes.map((node) => [node.name, own(node.name).then((wired) => bootNode(node, wired, booting))]),
  );
  const tried = testWire(wires[0]!, started, ipv6, options);
  // A failure is reported by the nodes at its ends.
  tried.catch(() => undefined);
  const booted = nodes.map(async (node): Promise<[string, NodeHandle]> => {
    const handle = await started.get(node.name)!;
    const wired = await own(node.name);
    if (wired.includes(await wires[0]!)) await tried;
    fingerprints.set(node.name, await nameInterfaces(handle, node, wired, options.captures ?? true));
    return [node.name, handle];
  });
  // Once a node is up, the types of its bridge ports are visible on the host.
  const host = Promise.all([Promise.all(wires), Promise.any(booted)]).then(([made]) =>
    prepareHostNetwork(options.engine.docker, options.image, made),
  );
  // A failure is reported by `configure`.
  host.catch(() => undefined);
  const settled = await Promise.allSettled([...wires, ...booted]);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed || options.signal?.aborted === true) await host.catch(() => undefined);
  options.signal?.throwIfAborted();
  if (failed) throw failed.reason as Error;
  return { nodes: new Map(await Promise.all(booted)), fingerprints, host, trunks, tunnels };
}

function isAt({ ends }: LinkPlan, name: string): boolean {
  return ends.some(({ node }) => node === name);
}

/** How trunks carry VLANs on an engine; null without trunks. */
export async function trunksOf(links: LinkPlan[], { engine, image }: BootOptions): Promise<Trunks | null> {
  if (links.every(({ vlan }) => vlan === undefined)) return null;
  return (await kernelHas(TRUNK_TAGS, engine, image)) ? 'tagged' : 'wires';
}

/** Null if tunnels are impossible, which the nodes report. */
async function tunnelsOf({ engine, image }: BootOptions): Promise<TunnelKind | null> {
  if (await kernelHas(TUNNEL_DEVICES, engine, image)) return 'devices';
  return (await kernelHas(TUN_DEVICES, engine, image)) ? 'programs' : null;
}

/** Waits for all before throwing the first error, so that nothing is created after the lab has been removed. */
export async function allSettled<T>(work: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

export function labelsOf(id: string, { labels, kept }: BootOptions): Record<string, string> {
  return {
    ...labels,
    [LAB_LABEL]: id,
    [OWNER_LABEL]: ownerLabel(),
    ...(kept === undefined
      ? {}
      : { [KEPT_LABEL]: kept.scenario, [VARIANT_LABEL]: kept.variant, [PROJECT_LABEL]: kept.project }),
  };
}

export async function makeWire(
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
 * Addresses of the two ends for testing a wire (RFC 2544, RFC 5180): unrelated to the engine's host, like lab
 * addresses, because a filter may depend on the host's routes.
 */
const TEST_ADDRESSES = [
  ['198.18.77.1/30', '2001:2:0:4c34::1/64'],
  ['198.18.77.2/30', '2001:2:0:4c34::2/64'],
];

/**
 * Sends a packet and its answer over one of a lab's wires, in each IP version that wires must carry: the other wires
 * are made in the same way.
 * @throws L4labError `host-firewall` if no answer arrives
 */
async function testWire(
  made: Promise<Wire>,
  nodes: ReadonlyMap<string, Promise<NodeHandle>>,
  ipv6: boolean,
  { engine, image }: BootOptions,
): Promise<void> {
  const { addresses } = await made;
  const [here, there] = await Promise.all(Object.keys(addresses).map((name) => nodes.get(name)!));
  const [mine, theirs] = TEST_ADDRESSES.map((both) => (ipv6 ? both : both.slice(0, 1)));
  const ends = await there!.call('answerAt', { wireAddress: addresses[there!.name]!, addresses: theirs! });
  const silent = await here!.call('silentEnds', {
    wireAddress: addresses[here!.name]!,
    addresses: mine!,
    ends,
    timeoutMs: WIRE_DEADLINE_MS,
  });
  if (silent.length > 0) throw await explainBlockedWires(engine.docker, image, silent);
}

/** A lab being booted. */
interface Booting {
  id: string;
  labels: Record<string, string>;
  options: BootOptions;
  cleanup: CleanupStack;
  /** Whether nodes create TUN devices. */
  tun: boolean;
}

export async function bootNode(
  node: BareNode,
  wires: Wire[],
  { id, labels, options, cleanup, tun }: Booting,
): Promise<NodeHandle> {
  const { engine, image, signal } = options;
  signal?.throwIfAborted();
  const create = containerOptions({
    name: node.name,
    image,
    labels: { ...labels, [NODE_LABEL]: node.name },
    apparmor: engine.apparmor,
    tun,
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

export async function nameInterfaces(
  handle: NodeHandle,
  node: BareNode,
  wires: Wire[],
  captures: boolean,
): Promise<string> {
  const interfaces = wires.map(({ cable, addresses }) => endAt(node, cable, addresses[node.name]!));
  const { fingerprint } = await handle.call('wire', { interfaces, captures });
  return fingerprint;
}
