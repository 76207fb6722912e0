import { isV6 } from '../scenario/address.ts';
import type { InterfacePlan, LinkPlan, Plan } from '../scenario/plan.ts';

/** What of a plan takes a boot: nodes with their ports, and the wires between these. All else is configuration. */
export interface Topology {
  nodes: BareNode[];
  links: LinkPlan[];
  /** Whether the wires must carry IPv6 on every engine. */
  ipv6: boolean;
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
  };
}

/** Whether all that `part` needs is in `whole`; what `whole` has beyond it stays unconfigured, and silent. */
export function contains(whole: Topology, part: Topology): boolean {
  return (whole.ipv6 || !part.ipv6) && wiring(part).every((port) => wiring(whole).includes(port));
}

/** Nodes of a lab that serves several topologies: a run boots it once for each worker, whatever the worker needs of it. */
const MOST_NODES = 16;

/**
 * Labs to boot so that each of the topologies has one. Topologies with most of their nodes in common share a lab that
 * has what any of them has: booting a node costs far more than leaving it alone.
 */
export function fewest(topologies: Topology[]): Topology[] {
  const bySize = [...topologies].sort((a, b) => b.nodes.length - a.nodes.length);
  return bySize.reduce<Topology[]>((labs, topology) => {
    const index = labs.findIndex((lab) => areAkin(lab, topology));
    return index < 0 ? [...labs, topology] : labs.with(index, union(labs[index]!, topology));
  }, []);
}

function areAkin(lab: Topology, other: Topology): boolean {
  const both = union(lab, other);
  const common = lab.nodes.length + other.nodes.length - both.nodes.length;
  return contains(both, other) && 2 * common > other.nodes.length && both.nodes.length <= MOST_NODES;
}

/** What either has; of a port that both have, it is that of the first. */
function union(a: Topology, b: Topology): Topology {
  const ports = (name: string): BareNode['ports'] =>
    [a, b].flatMap(({ nodes }) => nodes.find((node) => node.name === name)?.ports ?? []);
  const ends = ({ ends }: LinkPlan): string =>
    ends
      .map(({ node }) => node)
      .sort()
      .join();
  return {
    nodes: distinct([...a.nodes, ...b.nodes], ({ name }) => name).map(({ name }) => ({
      name,
      ports: distinct(ports(name), ({ peer }) => peer),
    })),
    links: distinct([...a.links, ...b.links], ends),
    ipv6: a.ipv6 || b.ipv6,
  };
}

/** The first of each key. */
function distinct<T>(list: T[], keyOf: (one: T) => string): T[] {
  const keys = list.map(keyOf);
  return list.filter((_, index) => keys.indexOf(keys[index]!) === index);
}

function wiring({ nodes }: Topology): string[] {
  return nodes.flatMap((node) => [node.name, ...node.ports.map(({ mac, peer }) => `${node.name} ${peer} ${mac}`)]);
}
