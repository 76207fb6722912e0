import type { CauseCode } from '../../terms/cause.ts';
import { CLIENT, crossSubnet, oneArm, PIP, S2, VIP_A } from '../../model/testing/labs.ts';
import type { Icmp } from '../../terms/sighting.ts';
import { causeOfFailure } from './index.ts';
import { arp, endingAt, evidenceOf, icmp, named, segment } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };

describe('a refusal', () => {
  const base = evidenceOf(oneArm({ services: dnat, servers: { gateway: '203.0.113.2' } }), 'client', 'a');
  const reset = segment(5, ['s2', 'out', 'l2'], { seq: 0, flags: 'RA' });

  test('a caller that resets a connection is not refused by the server', () => {
    const own = segment(5, ['client', 'out', 'l3'], { seq: 0, flags: 'RA' });
    own.frame.ip!.dst = VIP_A;
    const relayed = segment(6, ['l3', 'out', 'l2'], { seq: 0, flags: 'RA' });
    expect(named({ ...base, packets: [own, relayed] })[0]).not.toBe('refused');
  });

  test('refused by the server', () => {
    expect(named({ ...base, packets: [reset] })).toEqual(['refused', 's2']);
  });

  test('refused by the caller, which is the picked server', () => {
    const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, proxyIp: '203.0.113.254', pool: ['s2'] } };
    const evidence = evidenceOf(oneArm({ services: proxy }), 's2', 'a');
    const packets = [{ ...reset, frame: { ...reset.frame, ip: { ...reset.frame.ip!, dst: '203.0.113.254' } } }];
    const client = { ...evidence.client, outcome: 'ECONNREFUSED' as const };
    expect(named({ ...evidence, client, packets })).toEqual(['refused', 's2']);
  });

  test('a reset that was dropped on its path does not count', () => {
    const end = base.walk.reply.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    const lost = { walk: { ...base.walk, reply: base.walk.reply.slice(0, end) }, packets: [reset] };
    const kernel = 'reverse-path';
    expect(named({ ...base, ...lost, kernel })).toEqual(['reverse-path', 'l4']);
    const client = { ...base.client, outcome: 'ECONNREFUSED' as const };
    expect(named({ ...base, ...lost, client, kernel })).toEqual(['refused', 's2']);
  });

  test('no-server-available, if the L4 replies and has no healthy server', () => {
    const atL4 = base.walk.reply.findIndex(({ node }) => node === 'l4');
    const walk = { ...base.walk, reply: base.walk.reply.slice(atL4 + 1) };
    const packets = [{ ...reset, node: 'l4' }];
    expect(named({ ...base, walk, packets, healthy: [] })).toEqual(['no-server-available', 'l4']);
    expect(named({ ...base, walk, packets, healthy: ['s2'] })).toEqual(['unexplained', 'l4']);
    const drained = structuredClone(base.plan);
    const { services } = drained.nodes.find(({ name }) => name === 'l4')!.balancer!.config;
    for (const server of services[0]!.servers) server.drain = true;
    expect(named({ ...base, plan: drained, walk, packets, healthy: ['s2'] })).toEqual(['no-server-available', 'l4']);
  });

  test('refused by an L4 that holds the VIP without a load balancer', () => {
    const evidence = evidenceOf(oneArm({ services: dnat, servers: { gateway: '203.0.113.2' } }), 'client', 'a');
    const l4 = evidence.plan.nodes.find(({ name }) => name === 'l4')!;
    l4.balancer = null;
    const reply = evidence.walk.reply.slice(evidence.walk.reply.findIndex(({ node }) => node === 'l4') + 1);
    const packets = [{ ...reset, node: 'l4' }];
    const seen = { ...evidence, walk: { ...evidence.walk, reply }, packets, healthy: ['s2'] };
    expect(named(seen)).toEqual(['refused', 'l4']);
  });

  test.each<[string, Partial<Icmp>, CauseCode]>([
    ['TTL', { type: 11, code: 0 }, 'loop'],
    ['MTU', { type: 3, code: 4, mtu: 1400 }, 'too-big'],
    ['MTU, IPv6', { type: 258, code: 0, mtu: 1280 }, 'too-big'],
    ['net unreachable', { type: 3, code: 0 }, 'no-route'],
    ['host unreachable', { type: 3, code: 1 }, 'no-neighbour'],
    ['port unreachable', { type: 3, code: 3 }, 'refused'],
    ['prohibited', { type: 3, code: 13 }, 'filtered'],
  ])('an ICMP error: %s', (_, message, code) => {
    const packets = [icmp([5, 'l3', 'out', 'client'], message)];
    expect(named({ ...base, packets })).toEqual([code, 'l3']);
  });

  test.each<[string, Partial<Icmp>]>([
    ['protocol unreachable', { type: 3, code: 2 }],
    ['port unreachable', { type: 3, code: 3 }],
    ['an unknown next header of IPv6', { type: 260, code: 1 }],
  ])('no-tunnel-end: a server sends %s about a tunnelled packet', (_, message) => {
    const [l4, address] = ['203.0.113.2', '198.51.100.141'];
    const ipip = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'] } };
    const evidence = evidenceOf(crossSubnet({ services: ipip, servers: { loopback: [VIP_A] } }), 'client', 'a');
    const inner = {
      src: l4,
      dst: address,
      protocol: 4,
      srcPort: 20000,
      dstPort: 80,
      inside: { src: CLIENT, dst: VIP_A, protocol: 6 },
    };
    const packets = [icmp([5, 's1', 'out', 'l2'], { ...message, inner })];
    const { code, detail } = causeOfFailure({ ...evidence, packets });
    expect([code, detail]).toEqual(['no-tunnel-end', { code: 'tunnel-end-missing', params: { node: 's1', address } }]);
  });

  test('an ICMP error of a node with a dropping route', () => {
    const routes = [{ to: VIP_A, type: 'unreachable' as const }];
    const led = evidenceOf(
      oneArm({ services: dnat, servers: { gateway: '203.0.113.2' }, nodes: { l3: { routes } } }),
      'client',
      'a',
    );
    for (const code of [1, 13]) {
      const packets = [icmp([5, 'l3', 'out', 'client'], { type: 3, code })];
      const walk = { ...led.walk, reply: [] };
      expect(causeOfFailure({ ...led, walk, packets }).detail.code).toBe('dead-end');
    }
    const toServer = [{ to: S2, type: 'unreachable' as const }];
    const beyondL4 = { servers: { gateway: '203.0.113.2' }, nodes: { l4: { routes: toServer } } };
    const atL4 = evidenceOf(oneArm({ services: dnat, ...beyondL4 }), 'client', 'a');
    // What the L4 says of a server quotes the VIP.
    const packets = [icmp([5, 'l4', 'out', 'l2'], { type: 3, code: 1 })];
    expect(named({ ...atL4, walk: { ...atL4.walk, reply: [] }, packets })).toEqual(['no-route', 'l4']);
  });

  test('an ICMP error of a load balancer that translated a reply and has a dropping route to the caller', () => {
    const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, proxyIp: PIP, pool: ['s2'] } };
    const routes = [{ to: CLIENT, type: 'prohibit' as const }];
    const atL4 = evidenceOf(oneArm({ services: proxy, nodes: { l4: { routes } } }), 'client', 'a');
    const error = icmp([5, 'l4', 'out', 'l2'], { type: 3, code: 13 });
    const inner = { ...error.frame.icmp!.inner!, src: S2, dst: PIP };
    const packets = [{ ...error, frame: { ...error.frame, icmp: { ...error.frame.icmp!, inner } } }];
    expect(causeOfFailure({ ...atL4, packets }).detail).toMatchObject({
      code: 'dead-end',
      params: { address: CLIENT },
    });
  });

  test('an ICMP error without an MTU, as in RFC 792, is reported without one', () => {
    const packets = [icmp([5, 'l3', 'out', 'client'], { type: 3, code: 4, mtu: 0 })];
    const params = { node: 'l3', address: VIP_A, mtu: null };
    expect(causeOfFailure({ ...base, packets }).detail).toEqual({ code: 'exceeds-mtu', params });
  });

  test('an ICMP error that only passed a node is attributed to its sender', () => {
    const packets = [icmp([5, 'l2', 'in', 's2'], { code: 1 }), icmp([6, 'l3', 'out', 'client'], { code: 1 })];
    expect(named({ ...base, packets })).toEqual(['no-neighbour', 'l3']);
  });

  test('vlan-mismatch: a load balancer sent ARP for a server on the same switch in another VLAN', () => {
    const sketch = oneArm({ services: dnat });
    sketch.nodes['l2'] = { ...sketch.nodes['l2']!, ports: { s2: { vlan: 20 } } };
    const evidence = evidenceOf(sketch, 'client', 'a');
    const asked = arp(['l4', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.2', targetIp: S2 });
    const packets = [asked, icmp([5, 'l4', 'out', 'l2'], { type: 3, code: 1 })];
    const { code, detail } = causeOfFailure({ ...evidence, packets });
    const params = { node: 'l2', port: 's2', asker: 'l4', address: S2, vlan: 20, other: 1 };
    expect([code, detail]).toEqual(['vlan-mismatch', { code: 'vlans-differ', params }]);
    expect(named({ ...endingAt(evidence, 'l4'), packets: [asked] })).toEqual(['vlan-mismatch', 'l2']);
  });
});
