import { oneArm, VIP_A } from '../../model/testing/labs.ts';
import type { LabSketch } from '../../model/testing/lab-builder.ts';
import type { Moment } from '../evidence/moment.ts';
import { causeOfFailure } from './index.ts';
import { neverLeft } from './never-left.ts';
import { openQuestion, type Evidence } from '../evidence/evidence.ts';
import { arp, CLIENT, evidenceOf, icmp, named } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };

describe('the request never left the caller', () => {
  const nothing = { request: [], reply: [] };
  const base = evidenceOf(oneArm({ services: dnat }), 'client', 'a', { walk: nothing });

  test('no route, as the socket reports', () => {
    expect(named({ ...base, client: { ...base.client, outcome: 'ENETUNREACH' } })).toEqual(['no-route', 'client']);
  });

  test('a dropping route, as the socket reports', () => {
    for (const [type, outcome] of [
      ['blackhole', 'EINVAL'],
      ['unreachable', 'EHOSTUNREACH'],
      ['prohibit', 'EACCES'],
    ] as const) {
      const nodes = { client: { routes: [{ to: VIP_A, type }] } };
      const led = evidenceOf(oneArm({ services: dnat, nodes }), 'client', 'a', { walk: nothing });
      const found = causeOfFailure({ ...led, client: { ...led.client, outcome } });
      expect(found).toMatchObject({ code: 'no-route', node: 'client', detail: { params: { type } } });
    }
  });

  test('the same although a rule for the source has a route: the first lookup has no source', () => {
    const routes = [
      { to: VIP_A, type: 'unreachable' as const },
      { to: 'default', from: '198.51.100.0/24', via: '198.51.100.1' },
    ];
    const led = evidenceOf(oneArm({ services: dnat, nodes: { client: { routes } } }), 'client', 'a', { walk: nothing });
    const found = causeOfFailure({ ...led, client: { ...led.client, outcome: 'EHOSTUNREACH' } });
    expect(found).toMatchObject({ code: 'no-route', node: 'client', detail: { code: 'dead-end' } });
  });

  test('it answered itself, from another address than the called one', () => {
    const udp = { a: { vip: VIP_A, protocol: 'udp' as const, mode: 'dsr' as const, pool: ['s1'] } };
    const calledBy = (answersFrom: string, port = {}): unknown => {
      const s1 = { loopback: [VIP_A], listeners: [{ listen: '80/udp', answersFrom, ...port }] };
      const seen = evidenceOf(oneArm({ services: udp, nodes: { s1 } }), 's1', 'a', { walk: nothing });
      return causeOfFailure({ ...seen, key: { ...seen.key, protocol: 'udp' } });
    };
    expect(calledBy('203.0.113.11')).toMatchObject({
      code: 'reply-not-from-vip',
      node: 's1',
      detail: { params: { called: VIP_A, source: '203.0.113.11', owner: 's1' } },
    });
    expect(calledBy(VIP_A)).toMatchObject({ code: 'unexplained' });
    expect(calledBy(VIP_A, { answersFromPort: 54 })).toMatchObject({
      code: 'reply-not-from-vip',
      detail: { params: { called: VIP_A, source: VIP_A, ports: { called: 80, source: 54 } } },
    });
  });

  test("with DF too big for the caller's link, or for a path MTU that it knows", () => {
    const lab = oneArm({ services: dnat, nodes: { client: { mtu: 1300 } } });
    const sent = (bytes: number): unknown => {
      const evidence = evidenceOf(lab, 'client', 'a', { walk: nothing });
      const flow = { ...evidence.flow, protocol: 'icmp' as const, bytes, dontFragment: true as const };
      return causeOfFailure({ ...evidence, flow, client: { ...evidence.client, outcome: 'EMSGSIZE' } });
    };
    const reported = (mtu: number | null): object => ({ code: 'too-big', node: 'client', detail: { params: { mtu } } });
    expect([sent(1273), sent(1272)]).toMatchObject([reported(1300), reported(null)]);
  });

  test('the ARP request for the next hop was not answered', () => {
    const asks = arp(['client', 'out', ''], { op: 'request', senderIp: CLIENT, targetIp: '198.51.100.1' });
    expect(named({ ...base, packets: [asks] })).toEqual(['no-neighbour', 'client']);
  });

  test('no reply to an ARP request from before the call, as the socket reports', () => {
    const unreachable = { client: { ...base.client, outcome: 'EHOSTUNREACH' as const } };
    expect(causeOfFailure({ ...base, ...unreachable })).toMatchObject({
      code: 'no-neighbour',
      node: 'client',
      detail: { params: { address: '198.51.100.1' } },
    });
    const own = oneArm({ services: { a: { ...dnat.a, ownCalls: true } } });
    expect(causeOfFailure(evidenceOf(own, 'l4', 'a', { walk: nothing, ...unreachable }))).toMatchObject({
      code: 'no-neighbour',
      node: 'l4',
      detail: { params: { address: '203.0.113.12' } },
    });
  });

  test('the owner dropped the ARP request because of its source, unless a cut link stopped it', () => {
    const calledBy = (nodes: Record<string, object>): string[] => {
      const evidence = evidenceOf(oneArm({ services: dnat, nodes }), 's1', 's2:80', { walk: nothing });
      const asks = arp(['s1', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.11', targetIp: '203.0.113.12' });
      return named({ ...evidence, packets: [asks], kernelOnArp: 'reverse-path' });
    };
    expect(calledBy({})).toEqual(['reverse-path', 's2']);
    expect(calledBy({ s2: { down: ['l2'] } })).toEqual(['no-neighbour', 's1']);
    expect(calledBy({ l2: { down: ['s2'] } })).toEqual(['no-neighbour', 's1']);
  });

  test('at a router that reports host unreachable, wherever its message was last seen', () => {
    const evidence = evidenceOf(oneArm({ services: dnat, servers: { gateway: '203.0.113.2' } }), 'client', 'a');
    const senderIp = '198.51.100.1';
    const asks = arp(['l4', 'out', 'l2'], { op: 'request', senderIp, targetIp: '203.0.113.12' });
    const inner = { src: CLIENT, dst: VIP_A, protocol: 6, srcPort: 40000, dstPort: 80 };
    const error = icmp([5, 'l4', 'out', 'l2'], { type: 3, code: 1, inner });
    const seen = { ...evidence, packets: [asks, error], kernelOnArp: 'reverse-path' as const };
    expect(openQuestion(seen)).toMatchObject({ asker: 'l4', owner: 's2', source: senderIp });
    expect(named(seen)).toEqual(['reverse-path', 's2']);
  });

  test('an answered ARP request is no cause', () => {
    const asks = arp(['client', 'out', ''], { op: 'request', senderIp: CLIENT, targetIp: '198.51.100.1' });
    const answer = arp(['client', 'in', ''], { op: 'reply', senderIp: '198.51.100.1', targetIp: CLIENT });
    expect(named({ ...base, packets: [asks, answer] })).toEqual(['unexplained', 'client']);
  });

  test('nor is the ARP request of another node', () => {
    const asks = arp(['l3', 'out', ''], { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A });
    expect(named({ ...base, packets: [asks] })).toEqual(['unexplained', 'client']);
  });

  test('a caller that holds the VIP on its loopback, or owns it as an L4, called itself; one that owns it otherwise has no listener', () => {
    const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };
    const refused = (lab: LabSketch, from: string): string => {
      const evidence = evidenceOf(lab, from, 'a', { walk: nothing });
      return causeOfFailure({ ...evidence, client: { ...evidence.client, outcome: 'ECONNREFUSED' } }).detail.code;
    };
    expect(refused(oneArm({ services: dsr, servers: { loopback: [VIP_A] } }), 's1')).toBe('called-itself');
    expect(refused(oneArm({ services: dsr }), 'l4')).toBe('called-itself');
    const withRealAddress = oneArm({ services: dsr });
    withRealAddress.nodes['s1']!.interfaces = { l2: `203.0.113.11/24 ${VIP_A}/24` };
    expect(refused(withRealAddress, 's1')).toBe('listener-missing');
  });

  describe('of an L4 that balances its own calls', () => {
    const services = { a: { ...dnat.a, ownCalls: true } };
    const own = (nodes: Record<string, object> = {}, seen: Partial<Evidence> = {}): string[] =>
      named(evidenceOf(oneArm({ services, nodes }), 'l4', 'a', { walk: nothing, ...seen }));

    test('it had no healthy server, even if others listen', () => {
      expect(own({}, { healthy: [] })).toEqual(['no-server-available', 'l4']);
    });

    test('its own rules reset flows to a removed server', () => {
      const lab = oneArm({ services: { a: { ...services.a, pool: ['s1', 's2'] } } });
      const evidence = evidenceOf(lab, 'l4', 'a', { walk: nothing, healthy: ['s1'] });
      const cut = { ...evidence, moment: {} as Moment, client: { ...evidence.client, outcome: 'ECONNRESET' as const } };
      expect(neverLeft(cut)).toMatchObject({
        code: 'connection-unknown',
        node: 'l4',
        detail: { params: { source: VIP_A } },
      });
      expect(neverLeft({ ...cut, healthy: ['s1', 's2'] })).toBeNull();
    });

    test('no server answered its ARP request, or it had no route to one', () => {
      const asks = arp(['l4', 'out', ''], { op: 'request', senderIp: '203.0.113.2', targetIp: '203.0.113.12' });
      expect(own({}, { packets: [asks] })).toEqual(['no-neighbour', 'l4']);
      const dead = { l4: { routes: [{ to: '203.0.113.12/32', type: 'blackhole' }] } };
      expect(own(dead)).toEqual(['no-route', 'l4']);
    });
  });
});
