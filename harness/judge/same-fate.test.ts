import type { Sighting } from '../terms/sighting.ts';
import { sameFate } from './same-fate.ts';
import { arp, segment } from './testing/evidence.ts';

const syn = (ms: number, node: string, direction: 'in' | 'out', dstMac = 'aa'): Sighting =>
  segment(ms * 1e6, [node, direction, 'l3'], { seq: ms, flags: 'S', dstMac });
const first = [syn(0, 'client', 'out'), syn(0, 'l3', 'in')];

test('ARP requests alone do not count: no packet of the calls was seen', () => {
  const asked = [arp(['client', 'out', 'l3'], question())];
  expect(sameFate(asked, asked)).toBe(false);
  expect(sameFate([], [])).toBe(false);
});

test.each<[string, Sighting[], boolean]>([
  ['the same interfaces, later', [syn(9, 'client', 'out'), syn(9, 'l3', 'in')], true],
  ['the same, sent twice', [...first, syn(9, 'client', 'out'), syn(9, 'l3', 'in')], true],
  ['the same, after a question for a MAC', [arp(['client', 'out', 'l3'], question()), ...first], true],
  ['less far', [syn(9, 'client', 'out')], false],
  ['further', [...first, syn(9, 'l3', 'out')], false],
  ['to another server', [syn(9, 'client', 'out', 'bb'), syn(9, 'l3', 'in', 'bb')], false],
])('%s', (_, other, same) => {
  expect(sameFate(first, other)).toBe(same);
});

function question(): { op: 'request'; senderIp: string; targetIp: string } {
  return { op: 'request', senderIp: '198.51.100.10', targetIp: '198.51.100.1' };
}
