import { inLineBridge, oneArm, QUIET_ARP, VIP_A } from '../../model/testing/labs.ts';
import { arp, evidenceOf, segment } from '../testing/evidence.ts';
import type { Sighting } from '../../terms/sighting.ts';
import { vanishedAt } from '../evidence/evidence.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { causeOfFailure } from './index.ts';

const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };

test('refused at the caller, if it holds the called VIP itself without a listener', () => {
  const sketch = oneArm({ services: dsr, servers: { loopback: [VIP_A], ...QUIET_ARP, listeners: [] } });
  const evidence = evidenceOf(sketch, 's1', 'a', {
    client: { answered: false, outcome: 'ECONNREFUSED', servedBy: null, sourceSeen: null },
  });
  expect(causeOfFailure(evidence)).toMatchObject({ code: 'refused', node: 's1' });
});

describe('a server that got the request and is silent', () => {
  const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } });
  delete sketch.nodes['s2']!.gateway;

  test('has no route for its reply, if its kernel reports that', () => {
    const evidence = evidenceOf(sketch, 'client', 'a', {
      kernel: 'routed',
      kernelOnAnswer: 'no-route',
    });
    expect(causeOfFailure(evidence)).toMatchObject({ code: 'no-route', node: 's2' });
  });

  test('stays unexplained, if its kernel has a route', () => {
    const evidence = evidenceOf(sketch, 'client', 'a', {
      kernel: 'routed',
      kernelOnAnswer: 'routed',
    });
    expect(causeOfFailure(evidence)).toMatchObject({ code: 'unexplained', node: 's2' });
  });
});

test('announcements, and requests that a bridge forwards, are not unanswered ARP requests', () => {
  const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } });
  const { walk } = evidenceOf(sketch, 'client', 'a');
  const endsAtL4 = {
    request: walk.request.slice(0, walk.request.findIndex(({ node }) => node === 'l4') + 1),
    reply: [],
  };
  const answer = (senderIp: string, targetIp: string): ReturnType<typeof causeOfFailure> => {
    const packets = [arp(['l4', 'out', 'l2'], { op: 'request', senderIp, targetIp })];
    return causeOfFailure(evidenceOf(sketch, 'client', 'a', { walk: endsAtL4, packets }));
  };
  expect(answer('203.0.113.2', '203.0.113.12')).toMatchObject({ code: 'no-neighbour', node: 'l4' });
  expect(answer('203.0.113.2', '203.0.113.2').code).not.toBe('no-neighbour');
  expect(answer('203.0.113.11', '203.0.113.12').code).not.toBe('no-neighbour');
});

test('a server without the VIP is the cause, even if it forwards and another node reports the loop', () => {
  const sketch = oneArm({ services: dsr, servers: { forwarding: true } });
  const loop = icmp(9, ['s2', 'out', 'l2'], { type: 11, code: 0 });
  expect(causeOfFailure(evidenceOf(sketch, 'client', 'a', { packets: [loop] }))).toMatchObject({
    code: 'vip-not-on-server',
    node: 's2',
  });
});

test('an echo request to a VIP that no node holds is refused by the L4, with servers in any state', () => {
  const sketch = oneArm({ services: dsr, nodes: { l4: { vipOwner: false } } });
  const error = icmp(3, ['l4', 'out', 'l2'], { type: 3, code: 3 });
  const evidence = evidenceOf(sketch, 'client', 'a', { packets: [error], healthy: ['s2'] });
  const { request, reply } = echoWalk(evidence);
  expect(
    causeOfFailure({ ...evidence, flow: { ...evidence.flow, protocol: 'icmp' }, walk: { request, reply } }),
  ).toMatchObject({ code: 'refused', node: 'l4' });
});

test('loose reverse path filtering drops too, if there is no route to the source', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } },
    servers: { rpFilter: 2 },
  });
  delete sketch.nodes['s2']!.gateway;
  const evidence = evidenceOf(sketch, 'client', 'a', { kernel: 'source-refused' });
  expect(causeOfFailure(evidence)).toMatchObject({ code: 'reverse-path', node: 's2' });
});

test('a call of a server to itself that is accepted is answered inside, never from the VIP', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } },
    servers: { acceptLocal: true },
  });
  const evidence = evidenceOf(sketch, 's2', 'a', { kernel: 'routed' });
  expect(causeOfFailure(evidence)).toMatchObject({ code: 'reply-not-from-vip', node: 's2' });
});

test.each([
  ['udp', 'refused'],
  // A reset from an address that was never called is for nobody.
  ['tcp', 'reply-not-from-vip'],
] as const)('a call of a server to itself over %s without a listener ends inside: %s', (protocol, code) => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } },
    servers: { acceptLocal: true, listeners: [] },
  });
  const evidence = evidenceOf(sketch, 's2', 'a', { kernel: 'routed' });
  const flow = { ...evidence.flow, protocol };
  expect(causeOfFailure({ ...evidence, flow })).toMatchObject({ code, node: 's2' });
});

describe('a switch whose frame did not reach its destination', () => {
  const services = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s1'] } };
  const evidence = evidenceOf(inLineBridge({ services, servers: { loopback: [VIP_A] } }), 'client', 'a');
  const mac = (node: string): string => evidence.plan.nodes.find(({ name }) => name === node)!.interfaces.at(-1)!.mac;
  const misdirected = (to: string): Partial<Evidence> => ({
    macTables: { l2: { [mac(to)]: 'l4' } },
    packets: [segment(1, ['l2', 'out', 'l4'], { dstMac: mac(to), seq: 1, flags: 'S' })],
  });

  test('has the MAC on the wrong port', () => {
    expect(causeOfFailure({ ...evidence, ...misdirected('s1') })).toMatchObject({ code: 'mac-moved', node: 'l2' });
  });

  test('is a consequence if a server without the VIP forwarded the request', () => {
    const without = evidenceOf(inLineBridge({ services, servers: { forwarding: true } }), 'client', 'a');
    expect(causeOfFailure({ ...without, ...misdirected('l3') })).toMatchObject({
      code: 'vip-not-on-server',
      node: 's1',
    });
    expect(causeOfFailure({ ...without, ...misdirected('s1') })).toMatchObject({ code: 'vip-not-on-server' });
  });

  test('learned it from that very frame, whose two MACs are the same', () => {
    const dst = { ip: VIP_A, port: 80, mac: mac('s1') };
    const hop = { src: { ...dst, ip: '203.0.113.11' }, dst, ttl: 64, changed: [] };
    const request = [
      { ...hop, node: 'l4', iface: 'l2', direction: 'out' as const },
      { ...hop, node: 'l2', iface: 'l4', direction: 'in' as const },
    ];
    const walk = { request, reply: [] };
    const found = causeOfFailure({ ...evidence, walk });
    expect(found).toMatchObject({ code: 'mac-moved', node: 'l2' });
    expect(found.detail).toMatchObject({ code: 'mac-on-wrong-port', params: { owner: 's1', port: 'l4' } });
  });

  test('is not the cause if the node is behind that port, and a switch in between kept the frame', () => {
    expect(causeOfFailure({ ...evidence, ...misdirected('l3') }).code).not.toBe('mac-moved');
  });
});

test('an answer from the VIP that the caller drops for its source path was lost inside the caller', () => {
  const sketch = oneArm({ services: dsr, servers: { loopback: [VIP_A], ...QUIET_ARP } });
  const evidence = evidenceOf(sketch, 'client', 'a', { kernel: 'reverse-path' });
  expect(vanishedAt(evidence)).toMatchObject({ hop: { node: 'client', direction: 'in' }, leg: 'reply' });
  expect(causeOfFailure(evidence)).toMatchObject({ code: 'reverse-path', node: 'client' });
});

/** The request up to the L4, and nothing after it. */
function echoWalk({ walk }: Evidence): Evidence['walk'] {
  const end = walk.request.findIndex(({ node }) => node === 'l4');
  return { request: walk.request.slice(0, end + 1), reply: [] };
}

/** An ICMP message as an interface saw it; what it quotes came from the caller. */
function icmp(
  time: number,
  [node, direction, iface]: [string, 'in' | 'out', string],
  { type, code }: { type: number; code: number },
  dstMac = '',
): Sighting {
  const bare = segment(time, [node, direction, iface], { dstMac, seq: 0, flags: '' });
  const inner = { src: '', dst: VIP_A, protocol: 6, srcPort: 0, dstPort: 80 };
  const message = { type, code, id: 0, seq: 1, ...(type === 0 ? {} : { inner }) };
  const { srcMac, length, ip } = bare.frame;
  return { ...bare, frame: { srcMac, dstMac, length, ...(ip ? { ip } : {}), icmp: message } };
}
