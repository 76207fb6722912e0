import type { CauseCode } from '../../terms/cause.ts';
import { crossSubnet, inLineBridge, oneArm, PIP, QUIET_ARP, S1, S2, VIP_A } from '../../model/testing/labs.ts';
import type { NodeSketch } from '../../model/testing/lab-builder.ts';
import type { Sighting } from '../../terms/sighting.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { arp, CLIENT, endingAt, evidenceOf, icmp, named } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s2'], proxyIp: PIP } };
const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };
const holdsVip = { loopback: [VIP_A], ...QUIET_ARP };
const strict = { rpFilter: 1 };

describe('a packet vanished', () => {
  const at = (
    node: string,
    sketch: Parameters<typeof evidenceOf>[0],
    seen: Partial<Evidence> = {},
  ): [CauseCode, string] => named({ ...endingAt(evidenceOf(sketch, 'client', 'a'), node), ...seen });

  test('on a wire whose other end is down', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const request = evidence.walk.request.slice(0, 1);
    evidence.plan.nodes.find(({ name }) => name === 'l3')!.interfaces[0]!.up = false;
    expect(named({ ...evidence, walk: { request, reply: [] } })).toEqual(['no-neighbour', 'client']);
  });

  test('on a wire whose ends are up: unexplained', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    expect(named({ ...evidence, walk: { request: evidence.walk.request.slice(0, 1), reply: [] } })).toEqual([
      'unexplained',
      'client',
    ]);
  });

  test("mac-moved: the reply left on the port where the L4 had used the caller's MAC, and ended at the L4", () => {
    const services = { a: { ...dsr.a, sourceMac: 'keep' as const } };
    const sketch = inLineBridge({ services, servers: holdsVip, nodes: { s1: { loopback: [] } } });
    const { walk, ...evidence } = evidenceOf(sketch, 's1', 'a');
    const misdirected = walk.reply.map((hop) => {
      if (hop.node === 'l2' && hop.direction === 'out') return { ...hop, iface: 'l4' };
      return hop.node === 's1' ? { ...hop, node: 'l4', iface: 'l2' } : hop;
    });
    expect(named({ ...evidence, walk: { ...walk, reply: misdirected } })).toEqual(['mac-moved', 'l2']);
    expect(named({ ...evidence, walk })[0]).not.toBe('mac-moved');
  });

  test('a frame for the bridge itself may arrive at any of its ports', () => {
    const packets = [arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: '198.51.100.142' })];
    const services = { a: { ...dsr.a, pool: ['s2'] } };
    const nodes = { s2: { interfaces: { l2: '198.51.100.142/25' }, gateway: '198.51.100.129' } };
    const evidence = evidenceOf(inLineBridge({ services, nodes }), 'client', 'a');
    expect(named({ ...endingAt(evidence, 'l4'), packets })).toEqual(['server-not-adjacent', 'l4']);
  });

  test('no-neighbour: the ARP requests of a router for the next hop were not answered', () => {
    const packets = [arp(['l3', 'out', ''], { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A })];
    expect(at('l3', oneArm({ services: proxy }), { packets })).toEqual(['no-neighbour', 'l3']);
    const answered = [...packets, arp(['l3', 'in', ''], { op: 'reply', senderIp: VIP_A, targetIp: '203.0.113.1' })];
    expect(at('l3', oneArm({ services: proxy }), { packets: answered })).toEqual(['unexplained', 'l3']);
  });

  test('no-neighbour: the end of a tunnel sent ARP for the sender of the inner packet', () => {
    const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'] } };
    const nodes = {
      l3: { nat: { out: 'l2', to: '203.0.113.100' } },
      s1: { loopback: [VIP_A], tunnelEnd: ['a'] },
    };
    const packets = [arp(['s1', 'out', ''], { op: 'request', senderIp: S1, targetIp: '203.0.113.100' })];
    expect(at('s1', oneArm({ services, nodes }), { packets })).toEqual(['no-neighbour', 's1']);
  });

  test('no-neighbour: a next hop of a service in mode route', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const out = {
      name: 'out',
      mode: 'route' as const,
      to: '198.51.100.0/26',
      nextHops: ['203.0.113.4'],
      hash: 'both' as const,
    };
    evidence.plan.nodes.find(({ name }) => name === 'l4')!.balancer!.config.routeServices = [out];
    const packets = [arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: '203.0.113.4' })];
    expect(named({ ...endingAt(evidence, 'l4'), packets })).toEqual(['no-neighbour', 'l4']);
  });

  test('loop: the last round of a packet, whatever ARP requests and routes of the reporting node', () => {
    const { walk, ...evidence } = endingAt(evidenceOf(oneArm({ services: proxy }), 'client', 'a'), 'l3');
    const lap = { ...walk.request.at(-1)!, ttl: 62 };
    const packets = [arp(['l3', 'out', ''], { op: 'request', senderIp: '198.51.100.1', targetIp: '198.51.100.10' })];
    const judged = (...request: typeof walk.request) => named({ ...evidence, packets, walk: { request, reply: [] } });
    expect(judged(lap, { ...lap, ttl: 1 })).toEqual(['loop', 'l3']);
    expect(judged(lap, { ...lap, ttl: 2 })).toEqual(['no-neighbour', 'l3']);
  });

  test('no-neighbour: not if another flow needed the requested address', () => {
    const others = [arp(['l3', 'out', ''], { op: 'request', senderIp: '203.0.113.1', targetIp: '203.0.113.99' })];
    expect(at('l3', oneArm({ services: proxy }), { packets: others })).toEqual(['unexplained', 'l3']);
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const end = evidence.walk.reply.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    const walk = { ...evidence.walk, reply: evidence.walk.reply.slice(0, end) };
    const forServer = [arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: S1 })];
    expect(named({ ...evidence, walk, packets: forServer })).toEqual(['unexplained', 'l4']);
  });

  test('no-route: a router with a dropping route sent ARP for the sender, to report it', () => {
    const packets = [arp(['l3', 'out', ''], { op: 'request', senderIp: '198.51.100.1', targetIp: '198.51.100.10' })];
    const routes = [{ to: VIP_A, type: 'prohibit' as const }];
    expect(at('l3', oneArm({ services: proxy, nodes: { l3: { routes } } }), { packets })).toEqual(['no-route', 'l3']);
    expect(at('l3', oneArm({ services: proxy }), { packets })).toEqual(['no-neighbour', 'l3']);
  });

  test('too-big: a router with a narrow next link sent ARP for the sender, to report it', () => {
    const asks = arp(['l3', 'out', ''], { op: 'request', senderIp: '198.51.100.1', targetIp: CLIENT });
    const lab = oneArm({ services: proxy, nodes: { l3: { ofInterfaces: { l2: { mtu: 1400 } } } } });
    const judged = (size: number) => {
      const came = icmp([1, 'l3', 'in', 'client'], { type: 8, code: 0 });
      const ip = { ...came.frame.ip!, src: CLIENT, dst: VIP_A };
      const packet = { ...came, frame: { ...came.frame, length: size + 14, ip } };
      return at('l3', lab, { packets: [packet, asks] });
    };
    expect(judged(1420)).toEqual(['too-big', 'l3']);
    expect(judged(1400)).toEqual(['no-neighbour', 'l3']);
  });

  test('no-neighbour: a router that solicits from its link-local address is identified by its MAC', () => {
    const asks = arp(['l3', 'out', ''], { op: 'request', senderIp: 'fe80::1', targetIp: VIP_A });
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const { mac: senderMac } = evidence.plan.nodes.find(({ name }) => name === 'l3')!.interfaces[1]!;
    const from = (own: string): Sighting[] => [
      { ...asks, frame: { ...asks.frame, arp: { ...asks.frame.arp!, senderMac: own } } },
    ];
    expect(named({ ...endingAt(evidence, 'l3'), packets: from(senderMac) })).toEqual(['no-neighbour', 'l3']);
    expect(named({ ...endingAt(evidence, 'l3'), packets: from('02:00:00:00:00:99') })).toEqual(['unexplained', 'l3']);
  });

  test('server-not-adjacent: the L4 sent ARP for a server of another subnet', () => {
    const asks = (ip: string): Sighting[] => [
      arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: ip }),
    ];
    const far = crossSubnet({ services: dsr, servers: holdsVip });
    expect(at('l4', far, { packets: asks('198.51.100.142') })).toEqual(['server-not-adjacent', 'l4']);
    expect(at('l4', oneArm({ services: dsr, servers: holdsVip }), { packets: asks(S2) })).toEqual([
      'no-neighbour',
      'l4',
    ]);
  });

  const router = (nodes: Record<string, Partial<NodeSketch>>) => oneArm({ services: proxy, nodes });

  test('reverse-path: the kernel reports it, or rp_filter is strict and the source has another route', () => {
    const answer = 'reverse-path';
    expect(at('l3', router({}), { kernel: answer })).toEqual(['reverse-path', 'l3']);
    const invalid = 'source-refused';
    expect(at('l3', router({ l3: strict }), { kernel: invalid })).toEqual(['reverse-path', 'l3']);
    expect(at('l3', router({}), { kernel: invalid })).toEqual(['unexplained', 'l3']);
  });

  test('reverse-path: a kernel that refuses a packet sends no ARP for it, unless dsr took it before', () => {
    const kernel = 'reverse-path';
    const asks = (node: string, targetIp: string) => [
      arp([node, 'out', ''], { op: 'request', senderIp: node === 'l3' ? '203.0.113.1' : '203.0.113.2', targetIp }),
    ];
    const lab = oneArm({ services: proxy, nodes: { l3: strict } });
    expect(at('l3', lab, { kernel, packets: asks('l3', VIP_A) })).toEqual(['reverse-path', 'l3']);
    const inDsr = oneArm({ services: dsr, servers: holdsVip });
    expect(at('l4', inDsr, { kernel, packets: asks('l4', S2) })).toEqual(['no-neighbour', 'l4']);
  });

  test('own-address-as-source: the receiver has the source address', () => {
    const evidence = evidenceOf(oneArm({ services: { a: { ...dnat.a, pool: ['s1'] } } }), 's1', 'a');
    expect(named({ ...evidence, kernel: 'source-refused' })).toEqual(['own-address-as-source', 's1']);
    expect(named({ ...evidence, kernel: 'routed' })[0]).not.toBe('own-address-as-source');
  });

  test('reverse-path: accept_local accepts own addresses only on their interface', () => {
    const s1 = { rpFilter: 1, acceptLocal: true };
    const evidence = evidenceOf(oneArm({ services: { a: { ...dnat.a, pool: ['s1'] } }, nodes: { s1 } }), 's1', 'a');
    const kernel = 'source-refused';
    expect(named({ ...endingAt(evidence, 's1'), kernel })).toEqual(['reverse-path', 's1']);
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
    const kernelOnAnswer = 'no-route';
    expect(named({ ...evidence, flow, walk, kernelOnAnswer })).toEqual(['no-route', 'l4']);
  });

  test('no-server-available: the L4 dropped the request and has no healthy server', () => {
    expect(at('l4', oneArm({ services: proxy }), { healthy: [] })).toEqual(['no-server-available', 'l4']);
    expect(at('l4', oneArm({ services: proxy }), { healthy: ['s2'] })).toEqual(['unexplained', 'l4']);
    expect(at('l4', oneArm({ services: proxy }), { healthy: null })).toEqual(['unexplained', 'l4']);
    const kernelOnAnswer = 'no-route';
    expect(at('l4', oneArm({ services: proxy }), { healthy: [], kernelOnAnswer })).toEqual(['no-route', 'l4']);
  });

  test('no-neighbour: an L4 whose last resort is a server that does not answer ARP', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const plan = structuredClone(evidence.plan);
    plan.nodes.find(({ name }) => name === 'l4')!.balancer!.config.services[0]!.whenNoneUp = 'last-resort';
    const packets = [arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: S2 })];
    const ended = endingAt({ ...evidence, packets, healthy: [] }, 'l4');
    expect(named({ ...ended, plan })).toEqual(['no-neighbour', 'l4']);
    expect(named(ended)).toEqual(['no-server-available', 'l4']);
  });

  test('no-route: ARP of a check for another server does not belong to the packet', () => {
    const packets = [arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: S2 })];
    const kernelOnAnswer = 'no-route';
    const seen: Partial<Evidence> = { packets, kernelOnAnswer };
    expect(at('l4', oneArm({ services: proxy }), { ...seen, healthy: [] })).toEqual(['no-route', 'l4']);
    expect(at('l4', oneArm({ services: proxy }), { ...seen, healthy: ['s2'] })).toEqual(['no-neighbour', 'l4']);
  });

  test('no-route: ARP of a server without a route for its reply belongs to another packet', () => {
    const packets = [arp(['s2', 'out', ''], { op: 'request', senderIp: VIP_A, targetIp: '203.0.113.2' })];
    const kernelOnAnswer = 'no-route';
    const lab = oneArm({ services: dsr, servers: holdsVip });
    expect(at('s2', lab, { packets, kernelOnAnswer })).toEqual(['no-route', 's2']);
    expect(at('s2', lab, { packets })).toEqual(['unexplained', 's2']);
    const forAnswer = [arp(['s2', 'out', ''], { op: 'request', senderIp: VIP_A, targetIp: '203.0.113.1' })];
    expect(at('s2', lab, { packets: forAnswer })).toEqual(['no-neighbour', 's2']);
  });

  test('loop: it arrived with an expired TTL, and the error cannot reach its source', () => {
    const evidence = endingAt(evidenceOf(router({}), 'client', 'a'), 'l3');
    const request = evidence.walk.request.map((hop) => ({ ...hop, ttl: 1 }));
    expect(named({ ...evidence, walk: { request, reply: [] } })).toEqual(['loop', 'l3']);
  });

  test('loop: an L4 in dsr that holds the VIP forwards returning packets until the TTL expires', () => {
    const evidence = endingAt(evidenceOf(oneArm({ services: dsr, servers: holdsVip }), 'client', 'a'), 'l4');
    const request = evidence.walk.request.map((hop) => ({ ...hop, ttl: 1 }));
    expect(named({ ...evidence, walk: { request, reply: [] } })).toEqual(['loop', 'l4']);
    expect(named(evidence)[0]).not.toBe('loop');
  });

  test('not-forwarding: a packet for another node reached a node that does not forward', () => {
    expect(at('l3', router({ l3: { forwarding: false } }))).toEqual(['not-forwarding', 'l3']);
    expect(at('l3', router({}))).toEqual(['unexplained', 'l3']);
  });

  test('no-route: the kernel of a router reports it', () => {
    expect(at('l3', router({}), { kernel: 'no-route' })).toEqual(['no-route', 'l3']);
  });
});
