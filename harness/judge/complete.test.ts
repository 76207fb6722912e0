import type { Sighting } from '../terms/sighting.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm } from '../model/testing/labs.ts';
import { inFlight, isSearching, redirectsAt, settledBy } from './complete.ts';
import { arp, segment, TCP_KEY } from './testing/evidence.ts';

/** When Linux sends a single segment, its tail probe, and what it repeats, ms. */
const SENDINGS = [0, 204, 412, 842];
/** The same of the first of several segments, of which the last one is probed. */
const SENDINGS_OF_MANY = [0, 216, 644, 1476];

const sent = (ms: number, flags: string, payloadLength = 0): Sighting =>
  segment(ms * 1e6, ['client', 'out', 'l3'], { seq: 7, flags, payloadLength });
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
const withTtl = ({ frame, ...own }: Sighting, ttl: number): Sighting => ({
  ...own,
  frame: { ...frame, ip: { ...frame.ip!, ttl } },
});
const forwardedUntranslated = (): Sighting => withTtl(sent(2, 'S'), 62);
const answer = (ms: number, port = 'l3', dstMac = ''): Sighting =>
  segment(ms * 1e6, ['s1', 'out', port], { seq: 9, flags: 'PA', payloadLength: 9, dstMac });

const bare = { srcMac: '', dstMac: '', length: 98 };
const datagram = (ms: number, token = TCP_KEY.token): Sighting => ({
  ...sent(ms, ''),
  frame: { ...bare, token, udp: { srcPort: 1, dstPort: 2 } },
});
const echo = (ms: number): Sighting => ({
  ...sent(ms, ''),
  frame: { ...bare, icmp: { type: 8, code: 0, id: 1, seq: 1 } },
});

const echoReply = (ms: number, from = TCP_KEY.address): Sighting => ({
  ...segment(ms * 1e6, ['client', 'in', 'l3'], { seq: 0, flags: '' }),
  frame: {
    ...bare,
    ip: { version: 4, protocol: 1, src: from, dst: '198.51.100.10', ttl: 64, id: 1, dscp: 0 },
    icmp: { type: 0, code: 0, id: 1, seq: 1 },
  },
});

test.each<[string, Sighting[], FlowKey['protocol'], ReturnType<typeof settledBy>]>([
  ['a datagram alone', [datagram(0)], 'udp', null],
  ['a datagram once more', [datagram(0), datagram(501)], 'udp', 'repeated'],
  ['a datagram of another attempt', [datagram(0), datagram(501, 'l4lab-y')], 'udp', null],
  ['an echo request once more', [echo(0), echo(501)], 'icmp', 'repeated'],
  ['ping had no time yet to read its reply', [echo(0), echoReply(1), echo(501)], 'icmp', null],
  ['nobody takes the reply', [echo(0), echoReply(1), echo(501), echo(2501)], 'icmp', 'repeated'],
  ['the reply is of another', [echo(0), echoReply(1, '192.0.2.9'), echo(501)], 'icmp', 'repeated'],
  ['the first SYN alone', [sent(1, 'S')], 'tcp', null],
  ['the SYN once more', [sent(0, 'S'), sent(1001, 'S')], 'tcp', 'repeated'],
  ['a switch that calls floods its SYN', [flooded('l3'), flooded('l2')], 'tcp', null],
  ['a router that calls passes its own SYN on', [sent(1, 'S'), forwardedUntranslated()], 'tcp', null],
  ['the caller rejects the answer', [sent(1, 'S'), sent(2, 'R')], 'tcp', 'refused'],
  ['data sent twice may still get through', SENDINGS.slice(0, 2).map((ms) => sent(ms, 'PA', 9)), 'tcp', null],
  ['data sent three times', SENDINGS.slice(0, 3).map((ms) => sent(ms, 'PA', 9)), 'tcp', 'repeated'],
  [
    'much data: a repetition may still get through',
    SENDINGS_OF_MANY.slice(0, 2).map((ms) => sent(ms, 'A', 9)),
    'tcp',
    null,
  ],
  ['an answer sent three times may still get through', SENDINGS.slice(0, 3).map((ms) => answer(ms)), 'tcp', null],
  ['an answer sent four times', SENDINGS.map((ms) => answer(ms)), 'tcp', 'repeated'],
  ['a long answer sent twice may still get through', SENDINGS_OF_MANY.slice(0, 2).map((ms) => answer(ms)), 'tcp', null],
  ['a long answer sent three times', SENDINGS_OF_MANY.slice(0, 3).map((ms) => answer(ms)), 'tcp', 'repeated'],
  ['an answer that a switch floods', ['client', 'l4', 's1', 's2'].map((port) => answer(1, port)), 'tcp', null],
  ['an answer in a loop', [63, 62, 61, 60].map((ttl) => withTtl(answer(1), ttl)), 'tcp', null],
  ['a request that an L4 switches on', [1, 1, 2, 2].map((t, i) => answer(t, 's1', ['L4', 'S1'][i % 2])), 'tcp', null],
  ['acknowledgements repeat themselves', SENDINGS.map((ms) => sent(ms, 'A')), 'tcp', null],
  ['a repetition that another node saw', [0, 1001].map((ms) => ({ ...sent(ms, 'S'), node: 'l3' })), 'tcp', null],
  ['an ICMP error about a datagram', [error(3)], 'udp', 'refused'],
  ['an ICMP error that TCP makes the best of', [error(3)], 'tcp', null],
  ['a redirect is no error', [error(5)], 'udp', null],
])('%s', (_, packets, protocol, settled) => {
  expect(settledBy(packets, { ...TCP_KEY, protocol })).toBe(settled);
});

test('the caller rejects a segment, and its connection may continue', () => {
  expect(settledBy([sent(1, 'S'), sent(2, 'R')], { ...TCP_KEY, mayGoOn: true })).toBe(null);
});

describe('reasons to wait', () => {
  const comes = (node: string, direction: 'in' | 'out' = 'in'): Sighting =>
    segment(1, [node, direction, 'l2'], { seq: 7, flags: 'S' });
  const asks = (node = 'l3', ms = 0): Sighting => ({
    ...arp([node, 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: '203.0.113.80' }),
    time: ms * 1e6 + 1,
  });
  const answers = arp(['l3', 'in', 'l2'], { op: 'reply', senderIp: '203.0.113.80', targetIp: '203.0.113.1' });

  test('a node sends three ARP requests before it gives up', () => {
    const first = [comes('l3'), asks(), asks(), asks()];
    expect(inFlight([...first, comes('l3'), asks(), asks()])).toEqual([...first, comes('l3')]);
  });

  test('ARP requests right after the packet, and every 100 ms, belong to it', () => {
    expect(inFlight([comes('l3'), asks(), asks('l3', 104), asks('l3', 208)])).toHaveLength(4);
  });

  test('a later ARP request does not belong to it', () => {
    expect(inFlight([comes('l3'), asks('l3', 170), asks('l3', 274), answers])).toEqual([comes('l3')]);
  });

  test('a node that got a reply resolves again', () => {
    expect(inFlight([comes('l3'), asks(), asks(), answers, asks(), asks(), asks(), asks()])).toHaveLength(7);
  });

  test('a node that probes a neighbour (NUD) has sent the packet', () => {
    const toNeighbour = { ...asks(), frame: { ...asks().frame, dstMac: '02:00:00:00:00:02' } };
    expect(inFlight([comes('l3'), toNeighbour, answers])).toEqual([comes('l3')]);
  });

  test('ARP requests of each node count separately', () => {
    expect(inFlight([comes('l3'), comes('l4'), asks(), asks(), asks(), asks('l4')])).toHaveLength(6);
  });

  test('ARP requests of a node without a packet do not count', () => {
    expect(inFlight([comes('l3'), comes('l3', 'out'), asks(), asks('l4')])).toHaveLength(2);
  });

  test('a node with a packet searches until the neighbour answers', () => {
    const searches = (packets: Sighting[]): boolean => isSearching(inFlight(packets));
    expect(searches([comes('l3'), asks()])).toBe(true);
    expect(searches([comes('l3'), asks(), comes('s1'), asks('s1'), answers])).toBe(true);
    expect(searches([comes('l3'), asks(), answers])).toBe(false);
    expect(searches([comes('l3', 'out'), asks()])).toBe(false);
  });

  test('an ICMP error is no reason to wait', () => {
    expect(inFlight([sent(1, 'S'), error(3), sent(2, 'S'), error(3)])).toHaveLength(2);
  });
});

describe('a redirect at a node that accepts it', () => {
  const redirect = (ms: number): Sighting => {
    const sighting = error(5);
    return { ...sighting, time: ms * 1e6 };
  };
  const teaches = ({ frame }: Sighting): boolean => frame.icmp?.type === 5;

  test('waits for one more retransmission, however many came before', () => {
    const packets = [sent(0, 'S'), sent(1001, 'S'), redirect(1002)];
    expect(settledBy(packets, TCP_KEY, teaches)).toBe('learning');
    expect(settledBy([...packets, sent(3003, 'S')], TCP_KEY, teaches)).toBe('repeated');
  });

  test('is ignored at a node that does not', () => {
    const lab = plan(oneArm({ services: {}, nodes: { client: { acceptRedirects: true } } }));
    expect(redirectsAt(lab)(redirect(1))).toBe(true);
    expect(redirectsAt(plan(oneArm({ services: {} })))(redirect(1))).toBe(false);
  });
});
