import { isV6 } from '../scenario/address.ts';
import { tunnelServers } from '../terms/tunnel.ts';
import type { InterfacePlan, LinkPlan, NodePlan, Plan } from '../terms/plan.ts';
import type { Trunks } from '../terms/results.ts';
import { cableKey } from './cable-key.ts';

/** What of a plan takes a boot: nodes with their ports, and the wires between these. All else is configuration. */
export interface Topology {
  nodes: BareNode[];
  links: LinkPlan[];
  /** Whether the wires must carry IPv6 on every engine. */
  ipv6: boolean;
  /** True if nodes have tunnels; absent if none has. */
  tunnels?: true;
}

/** A container and its ports. */
export interface BareNode {
  name: string;
  ports: Pick<InterfacePlan, 'name' | 'mac' | 'peer'>[];
}

export function topologyOf({ nodes, links }: Pick<Plan, 'nodes' | 'links'>): Topology {
  return {
    nodes: nodes.map(({ name, interfaces }) => ({
      name,
      // A bridge is no port: it is made by configuration.
      ports: interfaces.filter(({ peer }) => peer !== '').map(({ name, mac, peer }) => ({ name, mac, peer })),
    })),
    links,
    ipv6: nodes.some(({ interfaces }) => interfaces.some(({ addresses }) => addresses.some(isV6))),
    ...(nodes.some(hasTunnels) ? { tunnels: true as const } : {}),
  };
}

function hasTunnels({ balancer, tunnelEnds }: NodePlan): boolean {
  return tunnelEnds !== undefined || tunnelServers(balancer?.config ?? { services: [] }).length > 0;
}

/** Whether all that `part` needs is in `whole`; what `whole` has beyond it stays unconfigured, and silent. */
export function contains(whole: Topology, part: Topology): boolean {
  const allows = (whole.ipv6 || !part.ipv6) && (whole.tunnels === true || part.tunnels !== true);
  return allows && wiring(part).every((port) => wiring(whole).includes(port));
}

/**
 * Labs to boot so that each of the topologies has one. A topology shares the lab of others where it adds little to it:
 * what is added is booted once for each of the `workers` of a run, whereas a lab of its own is booted for one.
 */
export function labsFor(topologies: Topology[], workers: number): Topology[] {
  const bySize = [...topologies].sort((a, b) => sizeOf(b) - sizeOf(a));
  return bySize.reduce<Topology[]>((labs, topology) => {
    const index = labs.findIndex((lab) => addsLittle(lab, topology, workers));
    return index < 0 ? [...labs, topology] : labs.with(index, union(labs[index]!, topology));
  }, []);
}

/**
 * What a lab becomes when it gets all that another topology needs beyond it: nodes, wires, and ports of nodes that it has.
 * Null where it cannot, or where a lab of its own for the other one would hardly take longer.
 * @param trunks how those of the lab carry VLANs: what a trunk with tags carries is settled when its ends are made
 */
export function grown(lab: Topology, other: Topology, trunks: Trunks | null): Topology | null {
  const both = union(lab, other);
  const added = sizeOf(both) - sizeOf(lab);
  // Wires carry IPv6 from the beginning or never, and containers have devices.
  const isAlike = both.ipv6 === lab.ipv6 && both.tunnels === lab.tunnels;
  const fits = contains(both, other) && isAlike && sizeOf(both) <= LARGEST;
  const cables = new Set(lab.links.map(cableKey));
  if (trunks === 'tagged' && beyond(both, lab).links.some((link) => cables.has(cableKey(link)))) return null;
  return fits && 2 * added <= sizeOf(other) ? both : null;
}

/** What a grown topology has beyond the one that it grew from: nodes of which some have new ports alone, and links. */
export function beyond(whole: Topology, part: Topology): Pick<Topology, 'nodes' | 'links'> {
  const has = new Set(wiring(part));
  const nodes = whole.nodes.map(({ name, ports }) => ({
    name,
    ports: ports.filter((port) => !has.has(portOf(name, port))),
  }));
  const links = new Set(part.links.map(endsOf));
  return {
    nodes: nodes.filter(({ name, ports }) => ports.length > 0 || !has.has(name)),
    links: whole.links.filter((link) => !links.has(endsOf(link))),
  };
}

/** Nodes and links of a shared lab: nobody wants to wait long for the first flow. */
const LARGEST = 40;

function addsLittle(lab: Topology, other: Topology, workers: number): boolean {
  const both = union(lab, other);
  const added = sizeOf(both) - sizeOf(lab);
  return contains(both, other) && workers * added <= sizeOf(other) && sizeOf(both) <= LARGEST;
}

/** What takes the engine's time: containers and networks. */
function sizeOf({ nodes, links }: Topology): number {
  return nodes.length + links.length;
}

/** What either has; of a port that both have, it is that of the first. */
function union(a: Topology, b: Topology): Topology {
  const ports = (name: string): BareNode['ports'] =>
    [a, b].flatMap(({ nodes }) => nodes.find((node) => node.name === name)?.ports ?? []);
  return {
    nodes: distinct([...a.nodes, ...b.nodes], ({ name }) => name).map(({ name }) => ({
      name,
      ports: distinct(ports(name), (port) => port.name),
    })),
    links: distinct([...a.links, ...b.links], endsOf),
    ipv6: a.ipv6 || b.ipv6,
    ...(a.tunnels === true || b.tunnels === true ? { tunnels: true as const } : {}),
  };
}

/** The first of each key. */
function distinct<T>(list: T[], keyOf: (one: T) => string): T[] {
  const keys = list.map(keyOf);
  return list.filter((_, index) => keys.indexOf(keys[index]!) === index);
}

function endsOf({ ends }: LinkPlan): string {
  return ends
    .map(({ node, iface }) => `${node} ${iface}`)
    .sort()
    .join();
}

function wiring({ nodes }: Topology): string[] {
  return nodes.flatMap(({ name, ports }) => [name, ...ports.map((port) => portOf(name, port))]);
}

function portOf(node: string, { mac, name }: BareNode['ports'][number]): string {
  return `${node} ${name} ${mac}`;
}
