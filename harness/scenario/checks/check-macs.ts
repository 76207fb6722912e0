import type { Problem } from '../problem.ts';
import type { Lab } from '../schema.ts';
import { wordAt } from '../lab-queries.ts';
import { stableMac } from '../stable-mac.ts';
import type { Path } from '../yaml-file.ts';

interface Interface {
  path: Path;
  name: string;
  mac: string;
  isWritten: boolean;
}

/** Interfaces with the MAC of another one: switches would send to either, and nobody could tell whose frames are seen. */
export function sharedMacs(lab: Lab): Problem[] {
  const all = interfacesOf(lab);
  const owners = new Map<string, string>();
  // Of two of which one is written, that one is the mistake.
  return [...all.filter(({ isWritten }) => !isWritten), ...all.filter(({ isWritten }) => isWritten)].flatMap(
    ({ path, name, mac }) => {
      const owner = owners.get(mac);
      owners.set(mac, owner ?? name);
      // Two links between the same nodes are told of as such.
      if (owner === undefined || owner === name) return [];
      const message = `${mac} is already the MAC of ${owner}; every interface needs its own`;
      return [{ path, message, dependsOn: [] }];
    },
  );
}

function interfacesOf(lab: Lab): Interface[] {
  const ends = lab.links.flatMap((link, index) =>
    Object.entries(link).map(([node, end]): Interface => {
      const word = wordAt(lab, link, node);
      const written = typeof end === 'object' && end !== null ? end.mac : undefined;
      const path = ['links', index, node];
      return {
        path: written === undefined ? path : [...path, 'mac'],
        name: `${node} toward ${word}`,
        mac: written ?? stableMac(node, word),
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
