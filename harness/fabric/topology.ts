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

/** Labs to boot so that each of the topologies has one, as few as can be without wires that none of them has. */
export function fewest(topologies: Topology[]): Topology[] {
  const bySize = [...topologies].sort((a, b) => wiring(b).length - wiring(a).length);
  const kept: Topology[] = [];
  for (const topology of bySize) {
    const index = kept.findIndex((whole) => contains({ ...whole, ipv6: true }, topology));
    if (index < 0) kept.push(topology);
    else kept[index] = { ...kept[index]!, ipv6: kept[index]!.ipv6 || topology.ipv6 };
  }
  return kept;
}

function wiring({ nodes }: Topology): string[] {
  return nodes.flatMap((node) => [node.name, ...node.ports.map(({ mac, peer }) => `${node.name} ${peer} ${mac}`)]);
}
