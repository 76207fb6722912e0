import { icmpText, isEchoReply, isIcmpError, isNeighbourDiscovery } from './icmp.ts';

test.each([
  [{ type: 3, code: 4 }, 4, 'fragmentation needed'],
  [{ type: 3, code: 13 }, 4, 'unreachable'],
  [{ type: 3, code: 0 }, 6, 'time exceeded'],
  [{ type: 2, code: 0 }, 6, 'packet too big'],
  [{ type: 77, code: 1 }, 4, 'type 77 code 1'],
] as const)('%j of IPv%i is %s', (icmp, version, name) => {
  expect(icmpText(icmp, version)).toBe(name);
});

test('the same number means another thing in the other family', () => {
  expect([isIcmpError({ type: 8 }, 4), isIcmpError({ type: 129 }, 6), isIcmpError({ type: 3 }, 6)]).toEqual([
    false,
    false,
    true,
  ]);
  expect([isEchoReply({ type: 0 }, 4), isEchoReply({ type: 129 }, 6), isEchoReply({ type: 0 }, 6)]).toEqual([
    true,
    true,
    false,
  ]);
  expect([isNeighbourDiscovery({ type: 135 }, 6), isNeighbourDiscovery({ type: 135 }, 4)]).toEqual([true, false]);
});
