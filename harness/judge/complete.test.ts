import type { Sighting } from '../observe/sighting.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import { settledBy } from './complete.ts';
import { segment, TCP_KEY } from './testing/evidence.ts';

const sent = (time: number, flags: string, payloadLength = 0): Sighting =>
  segment(time, ['client', 'out', 'l3'], { seq: 7, flags, payloadLength });
const error = (type: number): Sighting => ({
  ...segment(3, ['client', 'in', 'l3'], { seq: 0, flags: '' }),
  frame: {
    srcMac: '',
    dstMac: '',
    length: 98,
    icmp: { type, code: 4, id: 0, seq: 0, inner: { src: '', dst: '', protocol: 17, srcPort: 1, dstPort: 2 } },
  },
});

const flooded = (iface: string): Sighting => segment(1, ['client', 'out', iface], { seq: 7, flags: 'S' });
const passedOn = (): Sighting => {
  const own = sent(2, 'S');
  return { ...own, frame: { ...own.frame, ip: { ...own.frame.ip!, ttl: 62 } } };
};

test.each<[string, Sighting[], FlowKey['protocol'], ReturnType<typeof settledBy>]>([
  ['the first SYN alone', [sent(1, 'S')], 'tcp', null],
  ['the SYN once more', [sent(1, 'S'), sent(2, 'S')], 'tcp', 'repeated'],
  ['a switch that calls floods its SYN', [flooded('l3'), flooded('l2')], 'tcp', null],
  ['a router that calls passes its own SYN on', [sent(1, 'S'), passedOn()], 'tcp', null],
  ['the caller rejects the answer', [sent(1, 'S'), sent(2, 'R')], 'tcp', 'refused'],
  ['data sent twice may still get through', [sent(1, 'PA', 9), sent(2, 'PA', 9)], 'tcp', null],
  ['data sent three times', [1, 2, 3].map((time) => sent(time, 'PA', 9)), 'tcp', 'repeated'],
  ['acknowledgements repeat themselves', [1, 2, 3].map((time) => sent(time, 'A')), 'tcp', null],
  ['a repetition that another node saw', [1, 2].map((t) => ({ ...sent(t, 'S'), node: 'l3' })), 'tcp', null],
  ['an ICMP error about a datagram', [error(3)], 'udp', 'refused'],
  ['an ICMP error that TCP makes the best of', [error(3)], 'tcp', null],
  ['a redirect is no error', [error(5)], 'udp', null],
])('%s', (_, packets, protocol, settled) => {
  expect(settledBy(packets, { ...TCP_KEY, protocol })).toBe(settled);
});
