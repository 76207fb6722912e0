import type { Cause, CauseCode } from '../../terms/cause.ts';
import type { RouteAnswer } from '../../terms/route-answer.ts';
import { crossSubnet, oneArm, PIP, VIP_A } from '../../model/testing/labs.ts';
import { causeOfFailure } from './index.ts';
import { endingAt, evidenceOf, named } from '../testing/evidence.ts';

const sketch = oneArm({
  services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s2'], proxyIp: PIP } },
  nodes: { l3: { firewall: 'stateful' } },
});

/** The request came in at a node and went no further; the kernel, asked afterwards, finds nothing wrong with it. */
function causeAt(node: string, counters: Record<string, number>, kernel: RouteAnswer = 'routed'): CauseCode {
  return named(endingAt(evidenceOf(sketch, 'client', 'a', { kernel, counters: { [node]: counters } }), node))[0];
}

test.each<[string, string, Record<string, number>, CauseCode]>([
  ['reverse path filter', 'l3', { TcpExtIPReversePathFilter: 1 }, 'reverse-path'],
  ['no route', 'l3', { IpExtInNoRoutes: 1 }, 'no-route'],
  ['no route, IPv6', 'l3', { Ip6InNoRoutes: 1 }, 'no-route'],
  ['rule of the firewall', 'l3', { 'l4lab_firewall invalid': 1 }, 'half-seen-by-firewall'],
  ['no port found', 'l4', { ConntrackInsertFails: 1 }, 'ports-exhausted'],
  ['nothing of the kind', 'l3', { TcpOutRsts: 1 }, 'unexplained'],
])('%s: according to its counters at %s', (_, node, counters, code) => {
  expect(causeAt(node, counters)).toBe(code);
});

test('calls of a stream without a free port: what conntrack refused in the step', () => {
  const services = { a: { ...sketch.services['a']!, proxyPorts: '40000-40003' } };
  const evidence = endingAt(evidenceOf({ ...sketch, services }, 'client', 'a'), 'l4');
  const refusedAt = (...nodes: string[]): Cause => {
    const at = { file: '', line: 1, col: 1 };
    const step = { name: 'a', title: 'a', actions: [], forMs: 1, nodes: [], services: [], expect: [], at };
    const whole = { ...evidence.plan, timeline: { streams: [], steps: [step] } };
    const moment = { whole, step: 0, holders: () => undefined, walkBegins: 0, isActing: false };
    return causeOfFailure({ ...evidence, moment: { ...moment, flowsRefused: new Set(nodes) } });
  };
  expect(refusedAt('l4')).toMatchObject({
    code: 'ports-exhausted',
    detail: { params: { proxyIps: [PIP], ports: '40000-40003' } },
  });
  expect(refusedAt().code).not.toBe('ports-exhausted');
});

test('the kernel is queried without NAT, so counters of the L4 take precedence for packets to a VIP', () => {
  const kernel = 'reverse-path';
  expect(causeAt('l4', { IpExtInNoRoutes: 1 }, kernel)).toBe('no-route');
  expect(causeAt('l4', { TcpExtIPReversePathFilter: 1 }, kernel)).toBe('reverse-path');
  expect(causeAt('l4', {}, kernel)).toBe('reverse-path');
});

test('a dropping route: of the packet, of the picked server, of the reply; not if it is for another source', () => {
  const toServer = { to: '203.0.113.12', type: 'blackhole' as const };
  const causeWith = (name: string, route: object, kernel: RouteAnswer = 'source-refused'): string => {
    const routed = { ...sketch, nodes: { ...sketch.nodes, [name]: { ...sketch.nodes[name]!, routes: [route] } } };
    const lab = routed as typeof sketch;
    const seen = evidenceOf(sketch, 'client', 'a', { kernel });
    const found = causeOfFailure(endingAt({ ...seen, plan: evidenceOf(lab, 'client', 'a').plan }, name));
    return `${found.code} ${found.node} ${found.detail.code}`;
  };
  expect(causeWith('l3', { to: VIP_A, type: 'blackhole' })).toBe('no-route l3 dead-end');
  expect(causeWith('l4', toServer)).toBe('no-route l4 dead-end');
  const service = { vip: VIP_A, mode: 'l3dsr' as const, dscp: 11, pool: ['s2'] };
  const l3dsr = evidenceOf(oneArm({ services: { a: service }, nodes: { l4: { routes: [toServer] } } }), 'client', 'a');
  expect(causeOfFailure(endingAt(l3dsr, 'l4')).detail.code).toBe('dead-end');
  expect(causeWith('s2', { to: PIP, type: 'blackhole' }, 'routed')).toBe('no-route s2 dead-end');
  // rp_filter comes before any answer.
  expect(causeWith('s2', { to: PIP, type: 'blackhole' }, 'reverse-path')).toContain('reverse-path s2');
  const echo = evidenceOf(sketch, 'client', 'a');
  const cut = {
    ...sketch,
    nodes: {
      ...sketch.nodes,
      l4: { ...sketch.nodes['l4']!, routes: [{ to: '198.51.100.10', type: 'blackhole' as const }] },
    },
  };
  const asked = {
    ...echo,
    plan: evidenceOf(cut, 'client', 'a').plan,
    flow: { ...echo.flow, protocol: 'icmp' as const },
  };
  expect(causeOfFailure(endingAt(asked, 'l4')).detail.code).toBe('dead-end');
  expect(causeWith('l3', { to: VIP_A, from: '10.0.0.0/8', type: 'blackhole' })).not.toContain('dead-end');
});

test('a load balancer that does not own the VIP rejects before its kernel checks the source', () => {
  const judged = (vipOwner: boolean, kernelOnAnswer: RouteAnswer) => {
    const lab = oneArm({ services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s2'] } }, nodes: { l4: { vipOwner } } });
    const seen = { kernel: 'reverse-path' as const, kernelOnAnswer, healthy: [] };
    return named(endingAt(evidenceOf(lab, 'client', 'a', seen), 'l4'));
  };
  expect(judged(false, 'no-route')).toEqual(['no-route', 'l4']);
  expect(judged(false, 'routed')).toEqual(['no-server-available', 'l4']);
  expect(judged(true, 'no-route')).toEqual(['reverse-path', 'l4']);
});

test('a load balancer without servers and with a dropping route to the caller', () => {
  const routes = [{ to: '198.51.100.0/24', type: 'unreachable' as const }];
  const lab = oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s2'] } }, nodes: { l4: { routes } } });
  const found = causeOfFailure(endingAt(evidenceOf(lab, 'client', 'a', { kernel: 'routed', healthy: [] }), 'l4'));
  expect(found).toMatchObject({ code: 'no-route', node: 'l4', detail: { code: 'dead-end' } });
});

test('a route of the load balancer drops packets into the tunnel to a server', () => {
  const routes = [{ to: '198.51.100.142/32', type: 'prohibit' as const }];
  const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s2'] } };
  const lab = crossSubnet({ services, nodes: { l4: { routes } } });
  const found = causeOfFailure(endingAt(evidenceOf(lab, 'client', 'a', { kernel: 'routed' }), 'l4'));
  expect(found).toMatchObject({ code: 'no-route', node: 'l4', detail: { code: 'dead-end' } });
});

describe('at the end of a tunnel', () => {
  const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'] } };
  const causeBy = (rpFilter: 0 | 1 | 2, counters: Record<string, number>) => {
    const server = { loopback: [VIP_A], tunnelEnd: ['a'], rpFilter };
    const seen = { kernel: 'routed' as const, counters: { s1: counters } };
    return named(endingAt(evidenceOf(crossSubnet({ services, nodes: { s1: server } }), 'client', 'a', seen), 's1'));
  };

  test.each([1, 2] as const)(
    'rp_filter %d: the kernel is queried about the outer packet; its counters decide',
    (rpFilter) => {
      expect(causeBy(rpFilter, { TcpExtIPReversePathFilter: 1 })).toEqual(['reverse-path', 's1']);
    },
  );

  test('the reply belongs to the inner packet: no route to the client, or a dropping one', () => {
    const answeredBy = (server: object, kernelOnAnswer: RouteAnswer) => {
      const s1 = { loopback: [VIP_A], tunnelEnd: ['a'], ...server };
      const lab = crossSubnet({ services, nodes: { s1 } });
      const seen = { kernel: 'routed' as const, kernelOnAnswer };
      return causeOfFailure(endingAt(evidenceOf(lab, 'client', 'a', seen), 's1'));
    };
    const address = '198.51.100.10';
    expect(answeredBy({}, 'no-route')).toMatchObject({ code: 'no-route', detail: { params: { node: 's1', address } } });
    const routes = [{ to: `${address}/32`, type: 'blackhole' }];
    expect(answeredBy({ routes }, 'routed')).toMatchObject({ code: 'no-route', detail: { code: 'dead-end' } });
  });

  test('no tunnel ends there, which a server without a route back cannot report', () => {
    const seen = { kernel: 'routed' as const, kernelOnAnswer: 'no-route' as const };
    const lab = crossSubnet({ services, nodes: { s1: { loopback: [VIP_A] } } });
    expect(named(endingAt(evidenceOf(lab, 'client', 'a', seen), 's1'))).toEqual(['no-tunnel-end', 's1']);
  });

  test('a server without the VIP that refuses the source of the outer packet', () => {
    const lab = crossSubnet({ services, nodes: { s1: { tunnelEnd: ['a'], rpFilter: 2 } } });
    const seen = (kernel: RouteAnswer) => named(endingAt(evidenceOf(lab, 'client', 'a', { kernel }), 's1'))[0];
    expect(seen('reverse-path')).toBe('reverse-path');
    expect(seen('routed')).toBe('vip-not-on-server');
  });

  test('not without rp_filter, and not if no such packet was counted', () => {
    expect(causeBy(0, {})[0]).toBe('unexplained');
    expect(causeBy(1, { TcpOutRsts: 1 })[0]).toBe('unexplained');
  });
});
