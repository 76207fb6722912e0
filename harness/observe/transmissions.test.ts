import type { Sighting } from '../terms/sighting.ts';
import { transmissionOf } from './transmissions.ts';

/** A datagram of IPv6, which has no IP id, at an interface. */
function at(
  time: number,
  node: string,
  direction: 'in' | 'out',
  [srcMac, dstMac]: [string, string],
  ttl = 64,
): Sighting {
  const ip = { version: 6, src: '2001:db8::14', dst: '2001:db8::50', ttl, protocol: 17 };
  const frame = { srcMac, dstMac, length: 60, ip, udp: { srcPort: 40_000, dstPort: 80 } };
  return { time, node, iface: 'l2', direction, frame } as unknown as Sighting;
}

test('a packet sent again to another next hop is another transmission', () => {
  const first = [
    at(0, 'client', 'out', ['client', 'l4b']),
    at(1, 'l4b', 'in', ['client', 'l4b']),
    at(2, 'l4b', 'out', ['l4b', 's1'], 63),
  ];
  const again = [
    at(500, 'client', 'out', ['client', 'l4']),
    at(501, 'l4', 'in', ['client', 'l4']),
    at(502, 'l4', 'out', ['l4', 's1'], 63),
  ];
  const third = [at(1000, 'client', 'out', ['client', 'l4b']), at(1001, 'l4b', 'in', ['client', 'l4b'])];
  const all = [...first, ...again, ...third];
  expect(transmissionOf(first[0]!, all)).toEqual(first);
  expect(transmissionOf(again[0]!, all)).toEqual(again);
  expect(transmissionOf(third[0]!, all)).toEqual(third);
});

test('rounds of a loop through a tunnel are one transmission: the inner TTL distinguishes them', () => {
  const wrapped = (time: number, ttl: number): Sighting => {
    const one = at(time, 'l4', 'out', ['l4', 's1']);
    return { ...one, frame: { ...one.frame, inside: { ...one.frame.ip!, ttl } } };
  };
  const back = (time: number, ttl: number): Sighting => at(time, 's1', 'out', ['s1', 'l4'], ttl);
  const all = [at(0, 'client', 'out', ['client', 'l4']), wrapped(1, 63), back(2, 62), wrapped(3, 61), back(4, 60)];
  expect(transmissionOf(all[0]!, all)).toEqual(all);
});
