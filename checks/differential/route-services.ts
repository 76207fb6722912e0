import fc from 'fast-check';
import { contains, network } from '../../harness/scenario/address.ts';
import { mostly } from './settings.ts';
import { addressesOf, type Wired } from './wiring.ts';

/** A service in mode `route`: its destination, and its next hops, as indices of neighbours of the L4, modulo their number;
 * `third` is null for none. */
export interface RouteService {
  to: 'any' | 'clients' | 'near';
  hash: 'source' | 'destination' | 'both';
  first: number;
  second: number;
  third: number | null;
}

export const routeService: fc.Arbitrary<RouteService | null> = mostly(false, [true]).chain((drawn) =>
  drawn
    ? fc.record({
        to: fc.constantFrom<RouteService['to'][]>('any', 'clients', 'near'),
        hash: fc.constantFrom<RouteService['hash'][]>('source', 'destination', 'both'),
        first: fc.nat(5),
        second: fc.nat(5),
        third: mostly<number | null>(null, [0, 1, 2], 2),
      })
    : fc.constant(null),
);

const NETWORKS = { any: 'any', clients: '198.51.100.0/26', near: '203.0.113.0/25' };

/** Services by name; empty if the L4 has fewer than two neighbours. @param l4 that balances them */
export function routeServices(
  drawn: RouteService | null,
  wired: Wired,
  l4: 'l4' | 'l4b' = 'l4',
): Record<string, Record<string, unknown>> {
  if (drawn === null || !(l4 in wired.nodes)) return {};
  const own = ownAddresses(l4, wired).map(network);
  const near = Object.keys(wired.nodes).filter(
    (name) => name !== l4 && ownAddresses(name, wired).some((cidr) => own.some((net) => contains(net, cidr))),
  );
  if (near.length < 2) return {};
  const { to, hash, first, second, third } = drawn;
  const left = [first, second, ...(third === null || near.length < 3 ? [] : [third])];
  const nextHops = left.flatMap((index) => near.splice(index % near.length, 1));
  // A subnet of the L4 itself is not a valid destination.
  const isOwn = own.some(
    (net) => to !== 'any' && contains(net, NETWORKS[to]) && lengthOf(net) <= lengthOf(NETWORKS[to]),
  );
  const name = l4 === 'l4' ? 'out' : 'back';
  return { [name]: { mode: 'route', to: isOwn ? 'any' : NETWORKS[to], nextHops, hash, l4 } };
}

function lengthOf(cidr: string): number {
  return Number(cidr.split('/')[1]);
}

function ownAddresses(name: string, { nodes, links }: Wired): string[] {
  const bridge = nodes[name]!['bridge'];
  const all = links.flatMap((link) => addressesOf(link[name] ?? null));
  return typeof bridge === 'string' ? [...all, bridge] : all;
}
