import { attemptOf, randomFrom } from '../../samples/sample-attempt.ts';
import { oneArmCases } from '../../samples/sample-cases.ts';
import { samplePlan } from '../../samples/sample-labs.ts';
import { peersOf } from '../../content/peers.ts';
import { foldLoops } from '../../content/loops.ts';
import { packetCrossings, packetLook } from './packet-crossings.ts';

const { nodes } = samplePlan('one-arm');
const [clientToWeb] = oneArmCases('proxy', 'l3');
const { packets } = attemptOf(nodes, clientToWeb!, randomFrom(1));
const crossings = packetCrossings(packets, peersOf({ nodes }));

test('the two ends of every wire are one crossing, in time order', () => {
  expect(crossings).toHaveLength(packets.length / 2);
  expect(crossings.every(({ left, arrived }) => left && arrived)).toBe(true);
  expect(crossings.map(({ time }) => time)).toEqual(crossings.map(({ time }) => time).toSorted((a, b) => a - b));
});

test('only fields that a node changed are marked', () => {
  const changed = crossings
    .filter(({ frame }) => frame.tcp?.flags === 'S')
    .map(({ from, to, label }) => [`${from}>${to}`, ...label.filter((part) => part.changed).map(({ text }) => text)]);
  const port = crossings.find(({ frame }) => frame.tcp)!.frame.tcp!.srcPort;
  expect(changed).toEqual([
    ['client>l3'],
    ['l3>l2', '63'],
    ['l2>l4'],
    ['l4>l2', `203.0.113.254:${port}`, '203.0.113.11:80', '62'],
    ['l2>s1'],
  ]);
});

test('shows a frame that never arrived, and one that was not seen leaving', () => {
  const [left, arrived, ...rest] = packets.filter(({ frame }) => frame.tcp?.flags === 'S');
  const found = packetCrossings([left!, rest[1]!], peersOf({ nodes }));
  expect(arrived!.node).toBe('l3');
  expect(found.map(({ from, to, left, arrived }) => ({ from, to, left, arrived }))).toEqual([
    { from: 'client', to: 'l3', left: true, arrived: false },
    { from: 'l3', to: 'l2', left: false, arrived: true },
  ]);
});

test('one end is enough for ARP: a run keeps no more of it', () => {
  const [asked] = packets.filter(({ frame }) => frame.arp);
  expect(packetCrossings([asked!], peersOf({ nodes }))).toMatchObject([{ left: true, arrived: true }]);
});

test('a loop has its first round in the ladder and one row for the others; a retransmission is no loop', () => {
  const [left, arrived] = packets.filter(({ frame }) => frame.tcp?.flags === 'S');
  const round = (ttl: number, time: number) =>
    [left!, arrived!].map((seen) => ({ ...seen, time, frame: { ...seen.frame, ip: { ...seen.frame.ip!, ttl } } }));
  const rowsOf = (ttls: number[]) =>
    foldLoops(packetCrossings(ttls.flatMap(round), peersOf({ nodes })), packetLook).map(({ fold }) => fold);
  expect(rowsOf([64, 62, 60, 58])).toEqual([null, { count: 3, ttl: { first: 62, last: 58 } }]);
  expect(rowsOf([64, 64, 64, 64])).toEqual([null, null, null, null]);
});
