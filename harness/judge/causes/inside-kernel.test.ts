import type { CauseCode } from '../../terms/cause.ts';
import type { RouteAnswer } from '../../terms/route-answer.ts';
import { oneArm, PIP, VIP_A } from '../../model/testing/labs.ts';
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
])('%s: what its counters say at %s', (_, node, counters, code) => {
  expect(causeAt(node, counters)).toBe(code);
});

test('of a packet for a VIP, the kernel is asked without its NAT: what the L4 counted goes before', () => {
  const kernel = 'reverse-path';
  expect(causeAt('l4', { IpExtInNoRoutes: 1 }, kernel)).toBe('no-route');
  expect(causeAt('l4', { TcpExtIPReversePathFilter: 1 }, kernel)).toBe('reverse-path');
  expect(causeAt('l4', {}, kernel)).toBe('reverse-path');
});
