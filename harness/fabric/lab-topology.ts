import { isV6 } from '../scenario/address.ts';
import { tunnelsIn } from '../terms/tunnel.ts';
import type { InterfacePlan, LinkPlan, NodePlan, Plan } from '../terms/plan.ts';
import type { Trunks } from '../terms/results.ts';
import { cableKey } from './cable-key.ts';

/** The part of a plan that needs a boot: nodes with their ports, and wires. Everything else is configuration. */
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
      // Bridges are not ports: they are created by configuration.
      ports: interfaces.filter(({ peer }) => peer !== '').map(({ name, mac, peer }) => ({ name, mac, peer })),
    })),
    links,
    ipv6: nodes.some(({ interfaces }) => interfaces.some(({ addresses }) => addresses.some(isV6))),
    ...(nodes.some(hasTunnels) ? { tunnels: true as const } : {}),
  };
}

function hasTunnels({ balancer, tunnelEnds }: NodePlan): boolean {
  return tunnelEnds !== undefined || tunnelsIn(balancer?.config ?? { services: [] }).length > 0;
}

/** Whether `whole` has everything that `part` needs; the rest of `whole` stays unconfigured and silent. */
export function canRun(whole: Topology, part: Topology): boolean {
  const allows = (whole.ipv6 || !part.ipv6) && (whole.tunnels === true || part.tunnels !== true);
  return allows && wiring(part).every((port) => wiring(whole).includes(port));
}

/**
 * Labs to boot so that each topology has one. A topology shares the lab of others if it adds little to it: additions
 * are booted for each of the run's `workers`, a separate lab only for one.
 */
export function labsFor(topologies: Topology[], workers: number): Topology[] {
  const bySize = [...topologies].sort((a, b) => sizeOf(b) - sizeOf(a));
  return bySize.reduce<Topology[]>((labs, topology) => {
    const index = labs.findIndex((lab) => addsLittle(lab, topology, workers));
    return index < 0 ? [...labs, topology] : labs.with(index, union(labs[index]!, topology));
  }, []);
}

/**
 * The topology of a lab extended by what another topology needs: nodes, wires, and ports. Null if that is impossible,
 * or not cheaper than a separate lab.
 * @param trunks how the lab's trunks carry VLANs: the VLANs of a tagged trunk are fixed when its ends are created
 */
export function extended(lab: Topology, other: Topology, trunks: Trunks | null): Topology | null {
  const both = union(lab, other);
  const added = sizeOf(both) - sizeOf(lab);
  // Wires cannot get IPv6 later, nor containers devices.
  const isAlike = both.ipv6 === lab.ipv6 && both.tunnels === lab.tunnels;
  const fits = canRun(both, other) && isAlike && sizeOf(both) <= LARGEST;
  const cables = new Set(lab.links.map(cableKey));
  if (trunks === 'tagged' && additions(both, lab).links.some((link) => cables.has(cableKey(link)))) return null;
  return fits && 2 * added <= sizeOf(other) ? both : null;
}

/** What a grown topology adds to the original one: nodes (some only with new ports) and links. */
export function additions(whole: Topology, part: Topology): Pick<Topology, 'nodes' | 'links'> {
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

/** Limit of nodes and links in a shared lab, so that the first flow starts soon. */
const LARGEST = 40;

function addsLittle(lab: Topology, other: Topology, workers: number): boolean {
  const both = union(lab, other);
  const added = sizeOf(both) - sizeOf(lab);
  return canRun(both, other) && workers * added <= sizeOf(other) && sizeOf(both) <= LARGEST;
}

/** Number of containers and networks, which determines the boot time. */
function sizeOf({ nodes, links }: Topology): number {
  return nodes.length + links.length;
}

/** Union of two topologies; for a port in both, the first one's. */
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

/** The first item of each key. */
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
