import fc from 'fast-check';
import { mostly } from './settings.ts';
import { interfacesOf } from './vlans.ts';
import { endsOf, type Wired } from './wiring.ts';

/**
 * NAT of a router: index of the router and of its outside interface, modulo their numbers, and the new source. `also`: index
 * of a second outside interface.
 */
export interface Nat {
  router: number;
  out: number;
  also: number | null;
  to: 'masquerade' | 'near' | 'elsewhere';
  /** Whether it holds the address. */
  onLoopback: boolean;
}

export const nat: fc.Arbitrary<Nat | null> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record<Nat>({
      router: fc.nat(2),
      out: fc.nat(3),
      also: mostly<number | null>(null, [0, 1, 2], 2),
      to: fc.constantFrom<Nat['to'][]>('masquerade', 'masquerade', 'near', 'elsewhere'),
      onLoopback: fc.boolean(),
    }),
  },
);

/** Addresses without an owner: one in the subnet of the servers, one in no subnet. */
const ADDRESSES = { near: '203.0.113.100', elsewhere: '198.51.100.250' };

/** Settings by name of the router; empty if the lab has no router. */
export function translating({ nodes, links }: Wired, drawn: Nat | null): Record<string, Record<string, unknown>> {
  const routers = Object.keys(nodes).filter((name) => nodes[name]!['role'] === 'l3');
  const router = drawn === null ? undefined : routers[drawn.router % routers.length];
  if (drawn === null || router === undefined) return {};
  const interfaces = links.flatMap((link, index) => {
    const end = link[router];
    if (end === undefined || end === null) return [];
    const { word } = endsOf(links, index).find(({ name }) => name === router)!;
    return interfacesOf(end, word);
  });
  const outs = [drawn.out, drawn.also ?? drawn.out].map((index) => interfaces[index % interfaces.length]);
  const out = outs[0] === outs[1] ? outs[0] : outs;
  if (drawn.to === 'masquerade') return { [router]: { nat: { out } } };
  const to = ADDRESSES[drawn.to];
  return { [router]: { nat: { out, to }, ...(drawn.onLoopback ? { loopback: [to] } : {}) } };
}
