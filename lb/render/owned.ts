import type { Holding } from '../terms/holding.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { Part } from './ruleset.ts';

const KINDS = [
  'address',
  'route',
  'proxy-arp',
  'hop-rule',
  'hop-route',
  'tunnel',
  'tunnel-rule',
  'tunnel-route',
  'mixed-tunnel',
  'mixed-tunnel-rule',
  'mixed-tunnel-route',
] as const;

/**
 * Records what the load balancer has added to the host besides its tables, in sets of the table itself: after a crash
 * the next start knows which addresses are its own, and the record lives as long as the namespace.
 */
export function renderOwned(owned: Holding[]): Part {
  const maps = KINDS.flatMap((kind) =>
    FAMILIES.map((family) => ({
      name: ownedSet(kind, family.version),
      kind: 'set' as const,
      spec: [`type ${family.type} . ifname`],
      elements: owned
        .filter((holding) => holding.kind === kind && familyOf(holding.address) === family)
        .map((holding): [string, null] => [`${holding.address} . "${holding.dev}"`, null]),
    })),
  );
  return { chains: [], maps: maps.filter(({ elements }) => elements.length > 0) };
}

/**
 * Name of the set that records holdings of a kind; it never changes, so that every version finds the records of others.
 */
function ownedSet(kind: Holding['kind'], version: 4 | 6): string {
  return `held.${kind}${version}`;
}

/** Kind of the holdings in a set, by its name; null for other sets. */
export function ownedKind(name: string): Holding['kind'] | null {
  return KINDS.find((kind) => FAMILIES.some(({ version }) => ownedSet(kind, version) === name)) ?? null;
}
