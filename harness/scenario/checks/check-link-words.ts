import { linkNumber } from '../../terms/link-word.ts';
import { network } from '../address.ts';
import { balancersOf, interfacesAt, peerOf, wordAt } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab } from '../schema.ts';

/** So many links two nodes may have: their number has one digit, since names of interfaces are short (IFNAMSIZ). */
const MOST_LINKS = 9;

/** Further links between two nodes whose interface would have the name of a node, and more of them than have a name. */
export function checkLinkWords(lab: Lab): Problem[] {
  return lab.links.flatMap((link, index): Problem[] => {
    const [a, b] = Object.keys(link) as [string, string];
    const path = ['links', index];
    const number = linkNumber({ name: wordAt(lab, link, a), peer: b });
    if (number === 1) return [];
    if (number > MOST_LINKS)
      return [
        { path, message: `${a} – ${b}: at most ${MOST_LINKS} links are possible between two nodes`, dependsOn: [] },
      ];
    return [a, b].flatMap((name): Problem[] => {
      const word = wordAt(lab, link, name);
      if (lab.nodes[word] === undefined) return [];
      const message = `link ${number} between ${name} and ${peerOf(link, name)} needs the interface name \`${word}\`, but a node has that name: rename the node`;
      return [{ path, message, dependsOn: [['nodes', word]] }];
    });
  });
}

/**
 * L4s with two interfaces in one subnet. The load balancer puts a VIP on the interface in whose subnet it is, and of two the
 * one whose index is lower, which is a matter of how the engine made them.
 */
export function legsInOneSubnet(lab: Lab): Problem[] {
  return balancersOf(lab).flatMap((node) => {
    const before = new Map<string, string>();
    return lab.links.flatMap((link, index) => {
      if (!(node in link)) return [];
      return interfacesAt(lab, link, node).flatMap(({ name, addresses }): Problem[] => {
        const subnets = [...new Set(addresses.map(network))];
        const shared = subnets.find((subnet) => before.has(subnet));
        for (const subnet of subnets) if (!before.has(subnet)) before.set(subnet, name);
        if (shared === undefined) return [];
        const message = `${before.get(shared)} and ${name} of ${node} are both in ${shared}, so it would be random which one has the VIPs: use different subnets`;
        return [{ path: ['links', index, node], message, dependsOn: [['nodes', node]] }];
      });
    });
  });
}
