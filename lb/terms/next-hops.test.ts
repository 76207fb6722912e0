import { bySpecificity, nextHopOf } from './next-hops.ts';
import { HASH_SEED, jhash, scaled } from './jhash.ts';
import { bytesOf } from './address.ts';

/** What `jhash … mod 1000000007 seed 0x6c346c62` of nft 1.0.6 has set as mark on Linux 6.18. */
it.each([
  [['198.51.100.10'], 0x395da510],
  [['198.51.100.11'], 0x26edde03],
  [['198.51.100.10', '192.0.2.20'], 0x26041fdd],
  [['198.51.100.11', '192.0.2.20'], 0x09ff9c0c],
  [['2001:db8::10', '2001:db8:1::20'], 0x237089a6],
])('%j is hashed as the kernel does', (addresses, mark) => {
  const key = Uint8Array.from(addresses.flatMap(bytesOf));
  expect(scaled(jhash(key, HASH_SEED), 1_000_000_007)).toBe(mark);
});

const FIREWALLS = ['192.0.2.2', '192.0.2.18', '192.0.2.34'];
const route = (hash: 'source' | 'destination' | 'both', to = 'any') => ({
  name: 'out',
  mode: 'route' as const,
  to,
  nextHops: FIREWALLS,
  hash,
});
const CLIENTS = Array.from({ length: 60 }, (_, i) => `198.51.100.${i + 2}`);
const SERVER = '203.0.113.11';

it('both directions use one next hop if one hashes the source and the other the destination', () => {
  const there = CLIENTS.map((src) => nextHopOf(route('source'), { src, dst: SERVER }));
  const back = CLIENTS.map((dst) => nextHopOf(route('destination'), { src: SERVER, dst }));
  expect(back).toEqual(there);
  expect(new Set(there)).toEqual(new Set(FIREWALLS));
});

it('a hash of both addresses is not symmetric', () => {
  const differing = CLIENTS.filter((client) => {
    const there = nextHopOf(route('both'), { src: client, dst: SERVER });
    return there !== nextHopOf(route('both'), { src: SERVER, dst: client });
  });
  expect(differing.length).toBeGreaterThan(CLIENTS.length / 3);
});

it('the longest prefix is first, `any` is last', () => {
  const services = ['any', '203.0.113.0/24', '0.0.0.0/0', '203.0.113.11/32'].map((to) => route('source', to));
  expect(bySpecificity(services).map(({ to }) => to)).toEqual([
    '203.0.113.11/32',
    '203.0.113.0/24',
    '0.0.0.0/0',
    'any',
  ]);
});
