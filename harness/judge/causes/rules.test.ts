import type { CauseCode } from '../../model/cause.ts';
import { crossSubnet, inLineBridge, oneArm, PIP, QUIET_ARP, S1, S2, VIP_A } from '../../model/testing/labs.ts';
import type { NodeSketch } from '../../model/testing/lab-builder.ts';
import type { Arp, Sighting } from '../../observe/sighting.ts';
import type { Evidence } from '../evidence.ts';
import { CLIENT, evidenceOf, icmp, named, segment } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s2'], proxyIp: PIP } };
const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };
const holdsVip = { loopback: [VIP_A], conf: QUIET_ARP };
const strict = { conf: { rp_filter: 1 } };

/** The evidence up to the first time that the request came in at a node, and nothing after. */
function vanishedAt(evidence: Evidence, node: string): Evidence {
  const { request } = evidence.walk;
  const end = request.findIndex((hop) => hop.node === node && hop.direction === 'in') + 1;
  return { ...evidence, walk: { request: request.slice(0, end), reply: [] } };
}

function arp(node: string, direction: 'in' | 'out', message: Pick<Arp, 'op' | 'senderIp' | 'targetIp'>): Sighting {
  return {
    time: 0,
    node,
    iface: '',
    direction,
    frame: { srcMac: '', dstMac: '', length: 60, arp: { senderMac: '', ...message } },
  };
}

describe('the request never left the caller', () => {
  const nothing = { request: [], reply: [] };
  const base = evidenceOf(oneArm({ services: dnat }), 'client', 'a', { walk: nothing });

  test('no route, as the socket says', () => {
    expect(named({ ...base, client: { ...base.client, said: 'ENETUNREACH' } })).toEqual(['no-route', 'client']);
  });

  test('nobody answered the question for the next hop', () => {
    const asks = arp('client', 'out', { op: 'request', senderIp: CLIENT, targetIp: '198.51.100.1' });
    expect(named({ ...base, packets: [asks] })).toEqual(['no-neighbour', 'client']);
  });

  test('a question that was answered is no cause', () => {
    const asks = arp('client', 'out', { op: 'request', senderIp: CLIENT, targetIp: '198.51.100.1' });
    const answer = arp('client', 'in', { op: 'reply', senderIp: '198.51.100.1', targetIp: CLIENT });
    expect(named({ ...base, packets: [asks, answer] })).toEqual(['unexplained', 'client']);
  });

  test('nor is the question of somebody else', () => {
    const asks = arp('l3', 'out', { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A });
    expect(named({ ...base, packets: [asks] })).toEqual(['unexplained', 'client']);
  });
});

describe('reply-not-from-vip', () => {
  const sketch = oneArm({ services: dnat });

  test('where the answer reached the caller from the server', () => {
    expect(named(evidenceOf(sketch, 'client', 'a'))).toEqual(['reply-not-from-vip', 'client']);
  });

  test('not where the kernel of the caller refuses its way', () => {
    const kernel = 'RTNETLINK answers: Invalid cross-device link';
    const filtered = evidenceOf(oneArm({ services: dnat, nodes: { client: strict } }), 'client', 'a', { kernel });
    expect(named(filtered)).toEqual(['reverse-path', 'client']);
  });

  test('not where it came from the VIP', () => {
    expect(named(evidenceOf(oneArm({ services: proxy }), 'client', 'a'))[0]).not.toBe('reply-not-from-vip');
  });

  test('not where it did not reach the caller', () => {
    const evidence = evidenceOf(sketch, 'client', 'a');
    const reply = evidence.walk.reply.slice(0, -1);
    expect(named({ ...evidence, walk: { ...evidence.walk, reply } })[0]).not.toBe('reply-not-from-vip');
  });
});

describe('redirected', () => {
  const sketch = oneArm({ services: dnat, servers: { gateway: '203.0.113.2' } });
  const base = evidenceOf(sketch, 'client', 'a');
  const mac = (node: string): string => base.plan.nodes.find(({ name }) => name === node)!.interfaces.at(-1)!.mac;
  const redirect = {
    type: 5,
    code: 1,
    gateway: '203.0.113.1',
    inner: { src: S2, dst: CLIENT, protocol: 6, srcPort: 80, dstPort: 20000 },
  };
  const told = [
    icmp([10, 'l4', 'out', 'l2'], redirect, [mac('l4'), mac('s2')]),
    icmp([11, 'l2', 'in', 'l4'], redirect, [mac('l4'), mac('s2')]),
    icmp([12, 'l2', 'out', 's2'], redirect, [mac('l4'), mac('s2')]),
    icmp([13, 's2', 'in', 'l2'], redirect, [mac('l4'), mac('s2')]),
  ];
  const later = (dstMac: string): Sighting[] =>
    (['s2', 'l2'] as const).map((node, index) => {
      const sighting = segment(20 + index, [node, 'out', node === 's2' ? 'l2' : 'l3'], { dstMac, seq: 9, flags: 'A' });
      return { ...sighting, frame: { ...sighting.frame, ip: { ...sighting.frame.ip!, src: S2, dst: CLIENT } } };
    });

  const earlier = (nodes: ['s2', ...string[]]): Sighting[] =>
    nodes.map((node) => {
      const [{ frame }] = later(mac('l4')) as [Sighting];
      const direction = node === 's2' ? 'out' : 'in';
      return { time: 2, node, iface: '', direction, frame: { ...frame, tcp: { ...frame.tcp!, seq: 8 } } };
    });
  const arrived = earlier(['s2', 'l4', 'client']);

  test('at the node that was told and then went around the L4, with a switch in between', () => {
    expect(named({ ...base, packets: [...arrived, ...told, ...later(mac('l3'))] })).toEqual(['redirected', 's2']);
  });

  test('also where nobody saw the redirect leave', () => {
    expect(named({ ...base, packets: [...arrived, told[3]!, ...later(mac('l3'))] })).toEqual(['redirected', 's2']);
  });

  test('not where the node never sent that way', () => {
    expect(named({ ...base, packets: [...told, ...later(mac('l3'))] })[0]).not.toBe('redirected');
  });

  test('not where a segment had been lost before, whether the node repeats it the other way or gives up there', () => {
    const repeated = later(mac('l4')).map((sighting) => ({ ...sighting, time: 3 }));
    expect(named({ ...base, packets: [...repeated, ...told, ...later(mac('l3'))] })[0]).not.toBe('redirected');
    expect(named({ ...base, packets: [...earlier(['s2', 'l4']), ...told, ...later(mac('l3'))] })[0]).not.toBe(
      'redirected',
    );
  });

  test('not where the node did not heed it', () => {
    expect(named({ ...base, packets: [...arrived, ...told, ...later(mac('l4'))] })[0]).not.toBe('redirected');
  });

  test('not where the packets went around before', () => {
    const before = later(mac('l3')).map((sighting) => ({ ...sighting, time: 1 }));
    expect(named({ ...base, packets: [...before, ...told] })[0]).not.toBe('redirected');
  });
});

describe('half-seen-by-firewall', () => {
  const stateful = { l3: { firewall: 'stateful' as const } };
  const sketch = oneArm({ services: dsr, servers: holdsVip, nodes: stateful });
  const base = evidenceOf(sketch, 'client', 'a');
  const dsrWalk = evidenceOf(oneArm({ services: dsr, servers: holdsVip }), 'client', 'a').walk;
  const oneWay = { request: dsrWalk.request, reply: dsrWalk.reply.filter(({ node }) => node !== 'l3').slice(0, 2) };
  const swallowed = [segment(9, ['l3', 'in', 'client'], { seq: 4, flags: 'A' })];

  test('where a stateful node saw one direction and swallowed a segment', () => {
    expect(named({ ...base, walk: oneWay, packets: swallowed })).toEqual(['half-seen-by-firewall', 'l3']);
  });

  test('not where it passed the segment on', () => {
    const passed = [...swallowed, segment(10, ['l3', 'out', 'l2'], { seq: 4, flags: 'A' })];
    expect(named({ ...base, walk: oneWay, packets: passed })[0]).not.toBe('half-seen-by-firewall');
  });

  test('not where its kernel has no route for what ended there', () => {
    const at = base.walk.request.findIndex(({ node, direction }) => node === 'l3' && direction === 'in');
    const walk = { request: base.walk.request.slice(0, at + 1), reply: [] };
    const kernel = 'RTNETLINK answers: Network is unreachable';
    expect(named({ ...base, walk, kernel, packets: swallowed })).toEqual(['no-route', 'l3']);
  });

  test('not where the segment was for the node itself: the firewall looks at what is forwarded', () => {
    const refusal = segment(9, ['l3', 'in', 'client'], { seq: 4, flags: 'RA' });
    const own = { ...refusal, frame: { ...refusal.frame, ip: { ...refusal.frame.ip!, dst: '203.0.113.1' } } };
    expect(named({ ...base, walk: oneWay, packets: [own] })[0]).not.toBe('half-seen-by-firewall');
  });

  test('not where it saw both directions', () => {
    expect(named({ ...base, walk: dsrWalk, packets: swallowed })[0]).not.toBe('half-seen-by-firewall');
  });

  test('where a switch routes one direction and bridges the other: its firewalls do not know of one another', () => {
    const atSwitch = { l4: { ...stateful.l3, bridge: true, interfaces: { br0: '203.0.113.2/24' }, forwarding: true } };
    const sketch = inLineBridge({ services: dsr, servers: { gateway: '203.0.113.2' }, nodes: atSwitch });
    const evidence = evidenceOf(sketch, 's1', 'client');
    const dstMac = evidence.walk.request.find(({ node }) => node === 'l4')!.dst.mac;
    const ack = segment(9, ['l4', 'in', 'l2'], { dstMac, seq: 4, flags: 'A' });
    expect(named({ ...evidence, packets: [ack] })).toEqual(['half-seen-by-firewall', 'l4']);
  });

  test('not where the node forwards nothing at all', () => {
    const off = { l3: { ...baseL3, ...stateful.l3, forwarding: false } };
    const still = evidenceOf(oneArm({ services: dsr, servers: holdsVip, nodes: off }), 'client', 'a');
    expect(named({ ...still, walk: oneWay, packets: swallowed })[0]).not.toBe('half-seen-by-firewall');
  });

  test('not where the node is not stateful', () => {
    const plain = evidenceOf(oneArm({ services: dsr, servers: holdsVip }), 'client', 'a');
    expect(named({ ...plain, walk: oneWay, packets: swallowed })[0]).not.toBe('half-seen-by-firewall');
  });
});

describe('a packet vanished on its way', () => {
  const at = (
    node: string,
    sketch: Parameters<typeof evidenceOf>[0],
    seen: Partial<Evidence> = {},
  ): [CauseCode, string] => named({ ...vanishedAt(evidenceOf(sketch, 'client', 'a'), node), ...seen });

  test('on a wire whose other end is down', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const request = evidence.walk.request.slice(0, 1);
    evidence.plan.nodes.find(({ name }) => name === 'l3')!.interfaces[0]!.up = false;
    expect(named({ ...evidence, walk: { request, reply: [] } })).toEqual(['no-neighbour', 'client']);
  });

  test('on a wire whose ends are up: nobody knows why', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    expect(named({ ...evidence, walk: { request: evidence.walk.request.slice(0, 1), reply: [] } })).toEqual([
      'unexplained',
      'client',
    ]);
  });

  test('mac-moved: the reply left by the port where the L4 had shown the MAC of the caller, and ended at the L4', () => {
    const services = { a: { ...dsr.a, sourceMac: 'keep' as const } };
    const sketch = inLineBridge({ services, servers: holdsVip, nodes: { s1: { loopback: [] } } });
    const { walk, ...evidence } = evidenceOf(sketch, 's1', 'a');
    const astray = walk.reply.map((hop) => {
      if (hop.node === 'l2' && hop.direction === 'out') return { ...hop, iface: 'l4' };
      return hop.node === 's1' ? { ...hop, node: 'l4', iface: 'l2' } : hop;
    });
    expect(named({ ...evidence, walk: { ...walk, reply: astray } })).toEqual(['mac-moved', 'l2']);
    expect(named({ ...evidence, walk })[0]).not.toBe('mac-moved');
  });

  test('mac-moved: a segment went to the wrong port alone, though the switch has been put right since', () => {
    const evidence = evidenceOf(inLineBridge({ services: dsr, servers: holdsVip }), 's1', 'a');
    const { mac: dstMac } = evidence.plan.nodes.find(({ name }) => name === 's1')!.interfaces[0]!;
    const macTables = { l2: { [dstMac]: 's1' } };
    const out = (port: string) => segment(3, ['l2', 'out', port], { dstMac, seq: 9, flags: 'PA' });
    const got = segment(4, ['s1', 'in', 'l2'], { dstMac, seq: 9, flags: 'PA' });
    const name = (...packets: Sighting[]) => named({ ...evidence, macTables, packets });
    expect(name(out('l4'))).toEqual(['mac-moved', 'l2']);
    expect(name(out('s1'))[0]).not.toBe('mac-moved');
    expect(name(out('l4'), out('s1'))[0]).not.toBe('mac-moved');
    expect(name(out('l4'), got)[0]).not.toBe('mac-moved');
  });

  test('a frame for the bridge itself is at home at any of its ports', () => {
    const packets = [arp('l4', 'out', { op: 'request', senderIp: '203.0.113.2', targetIp: '198.51.100.142' })];
    const services = { a: { ...dsr.a, pool: ['s2'] } };
    const nodes = { s2: { interfaces: { l2: '198.51.100.142/25' }, gateway: '198.51.100.129' } };
    const evidence = evidenceOf(inLineBridge({ services, nodes }), 'client', 'a');
    expect(named({ ...vanishedAt(evidence, 'l4'), packets })).toEqual(['server-not-adjacent', 'l4']);
  });

  test('no-neighbour: a router asked for the next hop in vain', () => {
    const packets = [arp('l3', 'out', { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A })];
    expect(at('l3', oneArm({ services: proxy }), { packets })).toEqual(['no-neighbour', 'l3']);
    const answered = [...packets, arp('l3', 'in', { op: 'reply', senderIp: VIP_A, targetIp: '203.0.113.1' })];
    expect(at('l3', oneArm({ services: proxy }), { packets: answered })).toEqual(['unexplained', 'l3']);
  });

  test('no-neighbour: not where another flow needed the address that was asked for', () => {
    const others = [arp('l3', 'out', { op: 'request', senderIp: '203.0.113.1', targetIp: '203.0.113.99' })];
    expect(at('l3', oneArm({ services: proxy }), { packets: others })).toEqual(['unexplained', 'l3']);
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const end = evidence.walk.reply.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    const walk = { ...evidence.walk, reply: evidence.walk.reply.slice(0, end) };
    const forServer = [arp('l4', 'out', { op: 'request', senderIp: '203.0.113.2', targetIp: S1 })];
    expect(named({ ...evidence, walk, packets: forServer })).toEqual(['unexplained', 'l4']);
  });

  test('no-neighbour: a router that asks for an IPv6 neighbour from its link-local address is known by its MAC', () => {
    const asks = arp('l3', 'out', { op: 'request', senderIp: 'fe80::1', targetIp: VIP_A });
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const { mac: senderMac } = evidence.plan.nodes.find(({ name }) => name === 'l3')!.interfaces[1]!;
    const from = (own: string): Sighting[] => [
      { ...asks, frame: { ...asks.frame, arp: { ...asks.frame.arp!, senderMac: own } } },
    ];
    expect(named({ ...vanishedAt(evidence, 'l3'), packets: from(senderMac) })).toEqual(['no-neighbour', 'l3']);
    expect(named({ ...vanishedAt(evidence, 'l3'), packets: from('02:00:00:00:00:99') })).toEqual(['unexplained', 'l3']);
  });

  test('server-not-adjacent: the L4 looked for a server of another subnet on its own segment', () => {
    const asks = (ip: string): Sighting[] => [
      arp('l4', 'out', { op: 'request', senderIp: '203.0.113.2', targetIp: ip }),
    ];
    const far = crossSubnet({ services: dsr, servers: holdsVip });
    expect(at('l4', far, { packets: asks('198.51.100.142') })).toEqual(['server-not-adjacent', 'l4']);
    expect(at('l4', oneArm({ services: dsr, servers: holdsVip }), { packets: asks(S2) })).toEqual([
      'no-neighbour',
      'l4',
    ]);
  });

  const router = (nodes: Record<string, Partial<NodeSketch>>) => oneArm({ services: proxy, nodes });

  test('reverse-path: the kernel says so, or rp_filter is strict and the source is a stranger', () => {
    const says = 'RTNETLINK answers: Invalid cross-device link';
    expect(at('l3', router({}), { kernel: says })).toEqual(['reverse-path', 'l3']);
    const invalid = 'RTNETLINK answers: Invalid argument';
    expect(at('l3', router({ l3: { ...baseL3, ...strict } }), { kernel: invalid })).toEqual(['reverse-path', 'l3']);
    expect(at('l3', router({}), { kernel: invalid })).toEqual(['unexplained', 'l3']);
  });

  test('reverse-path: a kernel that refuses a packet asks for no next hop, unless dsr took the packet before', () => {
    const kernel = 'RTNETLINK answers: Invalid cross-device link';
    const asks = (node: string, targetIp: string) => [
      arp(node, 'out', { op: 'request', senderIp: node === 'l3' ? '203.0.113.1' : '203.0.113.2', targetIp }),
    ];
    const lab = oneArm({ services: proxy, nodes: { l3: { ...baseL3, ...strict } } });
    expect(at('l3', lab, { kernel, packets: asks('l3', VIP_A) })).toEqual(['reverse-path', 'l3']);
    const inDsr = oneArm({ services: dsr, servers: holdsVip });
    expect(at('l4', inDsr, { kernel, packets: asks('l4', S2) })).toEqual(['no-neighbour', 'l4']);
  });

  test('own-address-as-source: the receiver holds the source itself', () => {
    const evidence = evidenceOf(oneArm({ services: { a: { ...dnat.a, pool: ['s1'] } } }), 's1', 'a');
    expect(named({ ...evidence, kernel: 'RTNETLINK answers: Invalid argument' })).toEqual([
      'own-address-as-source',
      's1',
    ]);
    expect(named({ ...evidence, kernel: `local ${S1} from ${S1} dev lo` })[0]).not.toBe('own-address-as-source');
  });

  test('vip-not-on-server: the frame reached a server that does not hold the VIP', () => {
    expect(at('s2', oneArm({ services: dsr }))).toEqual(['vip-not-on-server', 's2']);
    expect(at('s2', oneArm({ services: dsr, servers: holdsVip }))[0]).not.toBe('vip-not-on-server');
  });

  test.each([true, false])('no-route: the L4 has none for its answer to an echo (vipOwner: %s)', (vipOwner) => {
    const evidence = evidenceOf(oneArm({ services: proxy, nodes: { l4: { vipOwner } } }), 'client', 'a');
    const end = evidence.walk.request.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    const walk = { request: evidence.walk.request.slice(0, end), reply: [] };
    const flow = { ...evidence.flow, protocol: 'icmp' as const };
    const kernelOnAnswer = 'RTNETLINK answers: Network is unreachable';
    expect(named({ ...evidence, flow, walk, kernelOnAnswer })).toEqual(['no-route', 'l4']);
  });

  test('no-server-available: the L4 swallowed the request and holds no server for healthy', () => {
    expect(at('l4', oneArm({ services: proxy }), { healthy: [] })).toEqual(['no-server-available', 'l4']);
    expect(at('l4', oneArm({ services: proxy }), { healthy: ['s2'] })).toEqual(['unexplained', 'l4']);
    expect(at('l4', oneArm({ services: proxy }), { healthy: null })).toEqual(['unexplained', 'l4']);
    const kernelOnAnswer = 'RTNETLINK answers: Network is unreachable';
    expect(at('l4', oneArm({ services: proxy }), { healthy: [], kernelOnAnswer })).toEqual(['no-route', 'l4']);
  });

  test('no-route: the question of a check for a server that is down is none of the packet', () => {
    const packets = [arp('l4', 'out', { op: 'request', senderIp: '203.0.113.2', targetIp: S2 })];
    const kernelOnAnswer = 'RTNETLINK answers: Network is unreachable';
    const seen = { packets, kernelOnAnswer };
    expect(at('l4', oneArm({ services: proxy }), { ...seen, healthy: [] })).toEqual(['no-route', 'l4']);
    expect(at('l4', oneArm({ services: proxy }), { ...seen, healthy: ['s2'] })).toEqual(['no-neighbour', 'l4']);
  });

  test('no-route: a server that has none for its answer asked for another packet’s sake', () => {
    const packets = [arp('s2', 'out', { op: 'request', senderIp: VIP_A, targetIp: '203.0.113.2' })];
    const kernelOnAnswer = 'RTNETLINK answers: Network is unreachable';
    const lab = oneArm({ services: dsr, servers: holdsVip });
    expect(at('s2', lab, { packets, kernelOnAnswer })).toEqual(['no-route', 's2']);
    expect(at('s2', lab, { packets })).toEqual(['unexplained', 's2']);
    const forAnswer = [arp('s2', 'out', { op: 'request', senderIp: VIP_A, targetIp: '203.0.113.1' })];
    expect(at('s2', lab, { packets: forAnswer })).toEqual(['no-neighbour', 's2']);
  });

  test('loop: it came in with its last hop used up, and the node that made it is told by nobody', () => {
    const evidence = vanishedAt(evidenceOf(router({}), 'client', 'a'), 'l3');
    const request = evidence.walk.request.map((hop) => ({ ...hop, ttl: 1 }));
    expect(named({ ...evidence, walk: { request, reply: [] } })).toEqual(['loop', 'l3']);
  });

  test('not-forwarding: a packet for somebody else reached a node that does not forward', () => {
    expect(at('l3', router({ l3: { ...baseL3, forwarding: false } }))).toEqual(['not-forwarding', 'l3']);
    expect(at('l3', router({}))).toEqual(['unexplained', 'l3']);
  });

  test('no-route: the kernel of a router says so', () => {
    expect(at('l3', router({}), { kernel: 'RTNETLINK answers: Network is unreachable' })).toEqual(['no-route', 'l3']);
  });
});

const baseL3: NodeSketch = {
  role: 'l3',
  interfaces: { client: '198.51.100.1/24', l2: '203.0.113.1/24' },
  forwarding: true,
};
