import { linkNumber } from '../../terms/link-name.ts';
import { network } from '../address.ts';
import { balancersOf, interfacesAt, peerOf, linkNameAt } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab } from '../schema.ts';

/**
 * Maximum number of links between two nodes: their number has one digit, since interface names are short (IFNAMSIZ).
 */
const MAX_LINKS = 9;

/** Parallel links whose interface name would be that of a node, or that exceed the maximum. */
export function checkLinkNames(lab: Lab): Problem[] {
  return lab.links.flatMap((link, index): Problem[] => {
    const [a, b] = Object.keys(link) as [string, string];
    const path = ['links', index];
    const number = linkNumber({ name: linkNameAt(lab, link, a), peer: b });
    if (number === 1) return [];
    if (number > MAX_LINKS)
      return [
        { path, message: `${a} – ${b}: at most ${MAX_LINKS} links are possible between two nodes`, dependsOn: [] },
      ];
    return [a, b].flatMap((name): Problem[] => {
      const linkName = linkNameAt(lab, link, name);
      if (lab.nodes[linkName] === undefined) return [];
      const message = `link ${number} between ${name} and ${peerOf(link, name)} needs the interface name \`${linkName}\`, but a node has that name: rename the node`;
      return [{ path, message, dependsOn: [['nodes', linkName]] }];
    });
  });
}

/**
 * L4s with two interfaces in one subnet. The load balancer adds a VIP to the interface whose subnet contains it, and of
 * two the one with the lower index, which depends on the engine.
 */
export function interfacesInOneSubnet(lab: Lab): Problem[] {
  return balancersOf(lab).flatMap((node) => {
    const before = new Map<string, string>();
    return lab.links.flatMap((link, index) => {
      if (!(node in link)) return [];
      return interfacesAt(lab, link, node).flatMap(({ name, addresses }): Problem[] => {
        const subnets = [...new Set(addresses.map(network))];
        const shared = subnets.find((subnet) => before.has(subnet));
        for (const subnet of subnets) if (!before.has(subnet)) before.set(subnet, name);
        if (shared === undefined) return [];
        const message = `${before.get(shared)} and ${name} of ${node} are both in ${shared}, so it is undefined which one holds the VIPs: use different subnets`;
        return [{ path: ['links', index, node], message, dependsOn: [['nodes', node]] }];
      });
    });
  });
}
