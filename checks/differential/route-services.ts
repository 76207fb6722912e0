import fc from 'fast-check';
import { contains, network } from '../../harness/scenario/address.ts';
import { mostly } from './settings.ts';
import type { Wired } from './wiring.ts';

/** A service in mode `route`: its destination, and its next hops, as indices of neighbours of the L4, modulo their number. */
export interface RouteService {
  to: 'any' | 'clients' | 'near';
  hash: 'source' | 'destination' | 'both';
  first: number;
  second: number;
}

export const routeService: fc.Arbitrary<RouteService | null> = mostly(false, [true]).chain((drawn) =>
  drawn
    ? fc.record({
        to: fc.constantFrom<RouteService['to'][]>('any', 'clients', 'near'),
        hash: fc.constantFrom<RouteService['hash'][]>('source', 'destination', 'both'),
        first: fc.nat(5),
        second: fc.nat(5),
      })
    : fc.constant(null),
);

const NETWORKS = { any: 'any', clients: '198.51.100.0/26', near: '203.0.113.0/25' };

/** Services by name; empty if the L4 has fewer than two neighbours. */
export function routeServices(drawn: RouteService | null, wired: Wired): Record<string, Record<string, unknown>> {
  if (drawn === null) return {};
  const own = addressesOf('l4', wired).map(network);
  const near = Object.keys(wired.nodes).filter(
    (name) => name !== 'l4' && addressesOf(name, wired).some((cidr) => own.some((net) => contains(net, cidr))),
  );
  if (near.length < 2) return {};
  const { to, hash, first, second } = drawn;
  const [one] = near.splice(first % near.length, 1);
  const nextHops = [one, near[second % near.length]];
  // A subnet of the L4 itself is not a valid destination.
  const isOwn = own.some(
    (net) => to !== 'any' && contains(net, NETWORKS[to]) && lengthOf(net) <= lengthOf(NETWORKS[to]),
  );
  return { out: { mode: 'route', to: isOwn ? 'any' : NETWORKS[to], nextHops, hash, l4: 'l4' } };
}

function lengthOf(cidr: string): number {
  return Number(cidr.split('/')[1]);
}

function addressesOf(name: string, { nodes, links }: Wired): string[] {
  const bridge = nodes[name]!['bridge'];
  const ends = links.flatMap((link) => {
    const end = link[name] ?? null;
    if (end === null || typeof end === 'string') return [end];
    return Object.values(end.vlans);
  });
  return [...ends, bridge].filter((end) => typeof end === 'string');
}
