import type { Problem } from '../problem.ts';
import type { Lab } from '../schema.ts';
import { linkNameAt } from '../lab-queries.ts';
import { stableMac } from '../stable-mac.ts';
import type { Path } from '../yaml-file.ts';

interface Interface {
  path: Path;
  name: string;
  mac: string;
  isWritten: boolean;
}

/** Interfaces with duplicate MACs: switches would send to either, and frames could not be attributed. */
export function sharedMacs(lab: Lab): Problem[] {
  const all = interfacesOf(lab);
  const owners = new Map<string, string>();
  // If only one of two is set explicitly, that one is reported.
  return [...all.filter(({ isWritten }) => !isWritten), ...all.filter(({ isWritten }) => isWritten)].flatMap(
    ({ path, name, mac }) => {
      const owner = owners.get(mac);
      owners.set(mac, owner ?? name);
      // Two links between the same nodes are reported elsewhere.
      if (owner === undefined || owner === name) return [];
      const message = `${mac} is already the MAC of ${owner}; every interface needs its own`;
      return [{ path, message, dependsOn: [] }];
    },
  );
}

function interfacesOf(lab: Lab): Interface[] {
  const ends = lab.links.flatMap((link, index) =>
    Object.entries(link).map(([node, end]): Interface => {
      const linkName = linkNameAt(lab, link, node);
      const written = typeof end === 'object' && end !== null ? end.mac : undefined;
      const path = ['links', index, node];
      return {
        path: written === undefined ? path : [...path, 'mac'],
        name: `${node} toward ${linkName}`,
        mac: written ?? stableMac(node, linkName),
        isWritten: written !== undefined,
      };
    }),
  );
  const bridges = Object.entries(lab.nodes).flatMap(([node, { bridge }]): Interface[] =>
    typeof bridge === 'string'
      ? [{ path: ['nodes', node, 'bridge'], name: `${node}'s bridge`, mac: stableMac(node, 'br0'), isWritten: false }]
      : [],
  );
  return [...ends, ...bridges];
}
