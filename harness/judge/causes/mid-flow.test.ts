import { plan, type LabSketch } from '../../model/testing/lab-builder.ts';
import { inLineBridge, L4, oneArm, QUIET_ARP, S2, VIP_A } from '../../model/testing/labs.ts';
import type { Sighting } from '../../terms/sighting.ts';
import { redirectsIn } from '../evidence/redirects.ts';
import { arp, CLIENT, evidenceOf, icmp, named, segment } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };
const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };
const holdsVip = { loopback: [VIP_A], ...QUIET_ARP };

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
  const redirectSeen = [
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

  test('at the node that got the redirect and then bypassed the L4, with a switch in between', () => {
    expect(named({ ...base, packets: [...arrived, ...redirectSeen, ...later(mac('l3'))] })).toEqual([
      'redirected',
      's2',
    ]);
  });

  test('also if the redirect was not seen leaving', () => {
    expect(named({ ...base, packets: [...arrived, redirectSeen[3]!, ...later(mac('l3'))] })).toEqual([
      'redirected',
      's2',
    ]);
  });

  test('not if the node never used that path', () => {
    expect(named({ ...base, packets: [...redirectSeen, ...later(mac('l3'))] })[0]).not.toBe('redirected');
  });

  test('not if a segment was lost before, whether or not it is retransmitted on the other path', () => {
    const repeated = later(mac('l4')).map((sighting) => ({ ...sighting, time: 3 }));
    expect(named({ ...base, packets: [...repeated, ...redirectSeen, ...later(mac('l3'))] })[0]).not.toBe('redirected');
    expect(named({ ...base, packets: [...earlier(['s2', 'l4']), ...redirectSeen, ...later(mac('l3'))] })[0]).not.toBe(
      'redirected',
    );
  });

  test('not if the node ignored it', () => {
    expect(named({ ...base, packets: [...arrived, ...redirectSeen, ...later(mac('l4'))] })[0]).not.toBe('redirected');
  });

  test('by a redirect of an earlier flow, if the lost reply used the gateway that it named', () => {
    const byL3 = evidenceOf(oneArm({ services: dnat }), 'client', 'a');
    const around = { ...byL3, plan: plan(oneArm({ services: dnat, nodes: { s2: { gateway: L4 } } })) };
    const redirects = redirectsIn(redirectSeen, around.plan);
    expect(redirects).toEqual([{ node: 's2', router: 'l4', address: CLIENT, gateway: '203.0.113.1' }]);
    expect(named({ ...around, redirects })).toEqual(['redirected', 's2']);
    expect(named(around)).toEqual(['reply-not-from-vip', 'client']);
    // It names the gateway that the node uses anyway.
    expect(named({ ...byL3, redirects })).toEqual(['reply-not-from-vip', 'client']);
    expect(named({ ...base, redirects })[0]).not.toBe('redirected');
  });

  test('not if a request used that gateway and arrived', () => {
    const lab = oneArm({ services: dnat, nodes: { s2: { gateway: 'none' } } });
    const there = evidenceOf(lab, 'client', 's2:80');
    const redirects = [{ node: 'l3', router: 'l4', address: S2, gateway: S2 }];
    expect(there.walk.reply).toEqual([]);
    expect(named({ ...there, redirects })[0]).not.toBe('redirected');
  });

  test('not if packets bypassed the L4 before', () => {
    const before = later(mac('l3')).map((sighting) => ({ ...sighting, time: 1 }));
    expect(named({ ...base, packets: [...before, ...redirectSeen] })[0]).not.toBe('redirected');
  });
});

/** The same packet with these addresses. */
function between({ frame, ...at }: Sighting, src: string, dst: string): Sighting {
  return { ...at, frame: { ...frame, ip: { ...frame.ip!, src, dst } } };
}

describe('half-seen-by-firewall', () => {
  const stateful = { l3: { firewall: 'stateful' as const } };
  const sketch = oneArm({ services: dsr, servers: holdsVip, nodes: stateful });
  const base = evidenceOf(sketch, 'client', 'a');
  const dsrWalk = evidenceOf(oneArm({ services: dsr, servers: holdsVip }), 'client', 'a').walk;
  const oneWay = { request: dsrWalk.request, reply: dsrWalk.reply.filter(({ node }) => node !== 'l3').slice(0, 2) };
  const swallowed = [segment(9, ['l3', 'in', 'client'], { seq: 4, flags: 'A' })];

  test('if a stateful node saw one direction and dropped a segment', () => {
    expect(named({ ...base, walk: oneWay, packets: swallowed })).toEqual(['half-seen-by-firewall', 'l3']);
  });

  test('not if it forwarded the segment', () => {
    const passed = [...swallowed, segment(10, ['l3', 'out', 'l2'], { seq: 4, flags: 'A' })];
    expect(named({ ...base, walk: oneWay, packets: passed })[0]).not.toBe('half-seen-by-firewall');
  });

  test('not if it asked for the MAC of the next hop: it had accepted the segment', () => {
    const lost = between(swallowed[0]!, VIP_A, CLIENT);
    const asking = (targetIp: string): Sighting => ({
      ...arp(['l3', 'out', 'client'], { op: 'request', senderIp: '198.51.100.1', targetIp }),
      time: 10,
    });
    const cause = (targetIp: string) => named({ ...base, walk: oneWay, packets: [lost, asking(targetIp)] })[0];
    expect(cause(CLIENT)).not.toBe('half-seen-by-firewall');
    expect(cause(S2)).toBe('half-seen-by-firewall');
  });

  test('not if its kernel has no route for the lost packet', () => {
    const at = base.walk.request.findIndex(({ node, direction }) => node === 'l3' && direction === 'in');
    const walk = { request: base.walk.request.slice(0, at + 1), reply: [] };
    const kernel = 'no-route';
    expect(named({ ...base, walk, kernel, packets: swallowed })).toEqual(['no-route', 'l3']);
  });

  test('not if the segment was for the node itself: the firewall checks forwarded packets', () => {
    const refusal = segment(9, ['l3', 'in', 'client'], { seq: 4, flags: 'RA' });
    const own = { ...refusal, frame: { ...refusal.frame, ip: { ...refusal.frame.ip!, dst: '203.0.113.1' } } };
    expect(named({ ...base, walk: oneWay, packets: [own] })[0]).not.toBe('half-seen-by-firewall');
  });

  test('not if it saw both directions', () => {
    const packets = [between(swallowed[0]!, CLIENT, VIP_A)];
    expect(named({ ...base, walk: dsrWalk, packets })[0]).not.toBe('half-seen-by-firewall');
  });

  test('if the request crossed twice, the second time to a server that replies from the VIP', () => {
    const first = dsrWalk.request.filter(({ node }) => node === 'l3');
    const again = first.map((hop) => ({ ...hop, dst: { ...hop.dst, ip: S2 } }));
    const walk = { request: [...first, ...again], reply: dsrWalk.reply };
    const packets = [
      between(segment(8, ['l3', 'in', 'client'], { seq: 4, flags: 'A' }), CLIENT, VIP_A),
      between(segment(9, ['l3', 'out', 'l2'], { seq: 4, flags: 'A' }), CLIENT, VIP_A),
      between(segment(10, ['l3', 'in', 'l2'], { seq: 4, flags: 'A' }), CLIENT, S2),
    ];
    expect(named({ ...base, walk, packets })).toEqual(['half-seen-by-firewall', 'l3']);
  });

  test('if a switch routes one direction and bridges the other, which its firewalls track separately', () => {
    const atSwitch = { l4: { ...stateful.l3, bridge: true, interfaces: { br0: '203.0.113.2/24' }, forwarding: true } };
    const sketch = inLineBridge({ services: dsr, servers: { gateway: '203.0.113.2' }, nodes: atSwitch });
    const evidence = evidenceOf(sketch, 's1', 'client');
    const dstMac = evidence.walk.request.find(({ node }) => node === 'l4')!.dst.mac;
    const ack = segment(9, ['l4', 'in', 'l2'], { dstMac, seq: 4, flags: 'A' });
    expect(named({ ...evidence, packets: [ack] })).toEqual(['half-seen-by-firewall', 'l4']);
  });

  test('not if the node does not forward', () => {
    const off = { l3: { ...stateful.l3, forwarding: false } };
    const still = evidenceOf(oneArm({ services: dsr, servers: holdsVip, nodes: off }), 'client', 'a');
    expect(named({ ...still, walk: oneWay, packets: swallowed })[0]).not.toBe('half-seen-by-firewall');
  });

  test('not if the node is not stateful', () => {
    const plain = evidenceOf(oneArm({ services: dsr, servers: holdsVip }), 'client', 'a');
    expect(named({ ...plain, walk: oneWay, packets: swallowed })[0]).not.toBe('half-seen-by-firewall');
  });
});

describe('two load balancers own one VIP, and the caller uses the second one after the handshake', () => {
  const twin = (mode: 'dnat' | 'dsr'): LabSketch => {
    const sketch = oneArm({
      services: { a: { vip: VIP_A, mode, pool: ['s2'], l4: ['l4', 'l4b'] } },
      servers: { gateway: '203.0.113.2', ...(mode === 'dsr' ? holdsVip : {}) },
    });
    sketch.nodes['l4b'] = { ...sketch.nodes['l4']!, interfaces: { l2: '203.0.113.4/24' }, firewall: 'stateful' };
    sketch.links.push(['l4b', 'l2']);
    return sketch;
  };
  const withPorts = (packet: Sighting, ports: { srcPort: number; dstPort: number; ack: number }): Sighting => {
    const { frame, ...at } = packet;
    const back = ports.srcPort === 80;
    const ends = back ? { src: VIP_A, dst: CLIENT } : { src: CLIENT, dst: VIP_A };
    return { ...at, frame: { ...frame, ip: { ...frame.ip!, ...ends }, tcp: { ...frame.tcp!, ...ports } } };
  };
  const ack = (time: number, at: [string, 'in' | 'out', string]): Sighting =>
    withPorts(segment(time, at, { seq: 4, flags: 'A' }), { srcPort: 20000, dstPort: 80, ack: 7 });
  const reset = (time: number, at: [string, 'in' | 'out', string], seq: number): Sighting =>
    withPorts(segment(time, at, { seq, flags: 'R' }), { srcPort: 80, dstPort: 20000, ack: 0 });
  const sent = ack(1, ['client', 'out', 'l3']);

  test('half-seen-by-firewall at a stateful one, which has translated the segment for a server', () => {
    const packets = [sent, ack(2, ['l4b', 'in', 'l2'])];
    expect(named(evidenceOf(twin('dnat'), 'client', 'a', { packets }))).toEqual(['half-seen-by-firewall', 'l4b']);
    expect(named(evidenceOf(twin('dsr'), 'client', 'a', { packets }))[0]).toBe('unexplained');
  });

  test('connection-unknown at the server that the second one picked, which resets the unknown connection', () => {
    const arrived = [sent, ack(2, ['s2', 'in', 'l2'])];
    const evidence = (packets: Sighting[]) => named(evidenceOf(twin('dsr'), 'client', 'a', { packets }));
    expect(evidence([...arrived, reset(3, ['s2', 'out', 'l2'], 7)])).toEqual(['connection-unknown', 's2']);
    expect(evidence([...arrived, reset(3, ['s2', 'out', 'l2'], 9)])[0]).toBe('unexplained');
    expect(evidence([sent, reset(3, ['s2', 'out', 'l2'], 7)])[0]).toBe('unexplained');
  });
});

test('mac-moved: a segment went only to the wrong port, although the switch has learned the right one since', () => {
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

describe('after the handshake a switch sends a segment to the wrong port', () => {
  const sketch = oneArm({ services: dsr, servers: { loopback: [VIP_A], ...QUIET_ARP } });
  const { plan } = evidenceOf(sketch, 's1', 'a');
  const caller = plan.nodes.find(({ name }) => name === 's1')!.interfaces[0]!.mac;
  const data = { dstMac: caller, seq: 7, flags: 'PA' };
  const macTables = { l2: { [caller]: 'l4' } };

  test('mac-moved at the switch', () => {
    const packets = [segment(1, ['l2', 'in', 's2'], data), segment(2, ['l2', 'out', 'l4'], data)];
    expect(named(evidenceOf(sketch, 's1', 'a', { packets, macTables }))).toEqual(['mac-moved', 'l2']);
  });

  test('not if a flooded copy also reached the destination', () => {
    const packets = [segment(2, ['l2', 'out', 'l4'], data), segment(3, ['s1', 'in', 'l2'], data)];
    expect(named(evidenceOf(sketch, 's1', 'a', { packets, macTables }))[0]).not.toBe('mac-moved');
  });
});

test('connection-unknown: a load balancer with an idle timeout drops data of a server whose SYN it forwarded', () => {
  const sketch = oneArm({
    services: dsr,
    servers: { gateway: '203.0.113.2' },
    nodes: { l4: { idleTimeoutMs: 240_000 } },
  });
  const { plan } = evidenceOf(sketch, 'client', 's1:80');
  const { mac: dstMac } = plan.nodes.find(({ name }) => name === 'l4')!.interfaces[0]!;
  const opened = (direction: 'in' | 'out') => segment(1, ['l4', direction, 'l2'], { dstMac, seq: 1, flags: 'SA' });
  const data = (time: number, direction: 'in' | 'out') =>
    segment(time, ['l4', direction, 'l2'], { dstMac, seq: 2, flags: 'PA' });
  const name = (packets: Sighting[], counters = { l4: { 'l4lab_idle unbegun': 1 } }) =>
    named(evidenceOf(sketch, 'client', 's1:80', { packets, counters }))[0];
  const seen = [opened('in'), opened('out'), data(2, 'in')];
  expect(name(seen)).toBe('connection-unknown');
  expect(name([...seen, data(3, 'out')])).not.toBe('connection-unknown');
  expect(name([...seen, segment(0, ['l4', 'in', 'l2'], { dstMac, seq: 0, flags: 'S' })])).not.toBe(
    'connection-unknown',
  );
  expect(name(seen, { l4: {} as { 'l4lab_idle unbegun': number } })).not.toBe('connection-unknown');
});

test('connection-unknown: the same if its bridge forwarded the SYN, and its reset made the server refuse', () => {
  const sketch = inLineBridge({
    services: dsr,
    servers: { gateway: '203.0.113.2' },
    nodes: { l4: { idleTimeoutMs: 240_000 } },
  });
  const { plan } = evidenceOf(sketch, 'client', 's1:80');
  const macOf = (name: string, iface: string) =>
    plan.nodes.find((node) => node.name === name)!.interfaces.find((one) => one.name === iface)!.mac;
  const [l3, l4, s1] = [macOf('l3', 'l4'), macOf('l4', 'br0'), macOf('s1', 'l2')];
  const opens = (time: number, direction: 'in' | 'out', iface: string) =>
    segment(time, ['l4', direction, iface], { srcMac: l3, dstMac: s1, seq: 1, flags: 'S' });
  const data = segment(3, ['l4', 'in', 'l2'], { srcMac: s1, dstMac: l4, seq: 2, flags: 'PA' });
  const asked = segment(4, ['client', 'out', 'l3'], { srcMac: '', dstMac: '', seq: 7, flags: 'PA' });
  const came = segment(5, ['s1', 'in', 'l2'], { srcMac: '', dstMac: s1, seq: 7, flags: 'PA' });
  const refused = segment(6, ['s1', 'out', 'l2'], { srcMac: s1, dstMac: l4, seq: 0, flags: 'R' });
  const counters = { l4: { 'l4lab_idle unbegun': 1 } };
  const packets = [opens(1, 'in', 'l3'), opens(2, 'out', 'l2'), data, asked, came, refused];
  expect(named(evidenceOf(sketch, 'client', 's1:80', { packets, counters }))).toEqual(['connection-unknown', 'l4']);
});

describe('a stateful node', () => {
  const services = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };
  const sketch = oneArm({
    services,
    nodes: { l4: { firewall: 'stateful' } },
    servers: { loopback: [VIP_A], gateway: '203.0.113.2' },
  });
  const l4Mac = evidenceOf(sketch, 'client', 'a').plan.nodes.find(({ name }) => name === 'l4')!.interfaces[0]!.mac;

  test('is not the cause for a SYN, which is never invalid', () => {
    const packets = [segment(1, ['l4', 'in', 'l2'], { dstMac: l4Mac, seq: 1, flags: 'S' })];
    expect(named(evidenceOf(sketch, 'client', 'a', { packets }))[0]).not.toBe('half-seen-by-firewall');
  });

  test('is not the cause for packets that its kernel refused before', () => {
    const packets = [segment(2, ['l4', 'in', 'l2'], { dstMac: l4Mac, seq: 1, flags: 'SA' })];
    const evidence = evidenceOf(sketch, 'client', 'a', { packets, kernel: 'source-refused' });
    expect(named(evidence)).toEqual(['own-address-as-source', 'l4']);
  });

  test('is not the cause if its node sent an ICMP error: it would have dropped silently', () => {
    const came = segment(1, ['l4', 'in', 'l2'], { dstMac: l4Mac, seq: 1, flags: 'SA' });
    const [src, dst] = ['203.0.113.12', CLIENT];
    const answer = { ...came, frame: { ...came.frame, ip: { ...came.frame.ip!, src, dst } } };
    const inner = { src, dst, protocol: 6, srcPort: 80, dstPort: 20000 };
    const error = icmp([2, 'l4', 'out', 'l2'], { type: 3, code: 1, inner });
    const judged = (...packets: Sighting[]) => named(evidenceOf(sketch, 'client', 's2', { packets }))[0];
    expect(judged(answer)).toBe('half-seen-by-firewall');
    expect(judged(answer, error)).toBe('no-neighbour');
  });

  test('is the cause for the reply to an echo request that it did not see', () => {
    const answer = icmp([2, 'l4', 'in', 'l2'], { type: 0, code: 0 }, ['', l4Mac]);
    const evidence = evidenceOf(sketch, 'client', 's2', { packets: [answer] });
    const flow = { ...evidence.flow, protocol: 'icmp' as const };
    expect(named({ ...evidence, flow })).toEqual(['half-seen-by-firewall', 'l4']);
  });
});

test('a redirect counts where it arrives, not at switches on the path', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'proxy', proxyIp: 'auto', pool: ['s2'] } },
    servers: { listeners: [] },
  });
  const passing = segment(3, ['l2', 'out', 's1'], { seq: 1, flags: 'A' });
  const packets = [
    icmp([1, 'l4', 'out', 'l2'], { type: 5, code: 1 }),
    icmp([2, 'l2', 'in', 'l4'], { type: 5, code: 1 }),
    { ...passing, frame: { ...passing.frame, ip: { ...passing.frame.ip!, dst: VIP_A } } },
  ];
  expect(named(evidenceOf(sketch, 'client', 'a', { packets }))[0]).not.toBe('redirected');
});
