import { initialStates } from './health.ts';
import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { LabSketch } from './testing/lab-builder.ts';
import { networkOf } from './simulation/network.ts';
import { crossSubnet, inLine, L3, L4, oneArm, PIP, QUIET_ARP, VIP_A } from './testing/labs.ts';

const dsr = { vip: VIP_A, mode: 'dsr' as const, pool: ['s1', 's2'] };

function outcomes(sketch: LabSketch, from: string, to: string): string[] {
  const lab = plan(sketch);
  return predict(lab, flow(lab, from, to)).map(
    ({ picked, outcome, cause }) => `${picked ?? '-'} ${cause?.code ?? outcome}`,
  );
}

describe('a dsr server without a reachable MAC is out of the pool', () => {
  test('if the load balancer has no route to it', () => {
    const sketch = crossSubnet({ services: { a: dsr } });
    delete sketch.nodes['l4']!.gateway;
    sketch.nodes['l4']!.routes = [{ to: '198.51.100.10/32', via: L3 }];
    expect(outcomes(sketch, 'client', 'a')).toEqual(['- no-server-available']);
  });

  test('if it keeps the source MAC, and cannot learn that of the server', () => {
    const kept = crossSubnet({ services: { a: { ...dsr, sourceMac: 'keep' } } });
    expect(outcomes(kept, 'client', 'a')).toEqual(['- no-server-available']);
  });

  test('not if it resolves the MAC for each packet in vain', () => {
    const rewritten = crossSubnet({ services: { a: dsr } });
    expect(outcomes(rewritten, 'client', 'a')).toEqual(['s1 server-not-adjacent', 's2 server-not-adjacent']);
  });
});

describe('a check of a dsr server calls its VIP', () => {
  const checked = { ...dsr, check: 'tcp' as const };
  const holdsVip = { loopback: [VIP_A], ...QUIET_ARP };

  test('a server without it is out', () => {
    const sketch = oneArm({ services: { a: checked }, servers: holdsVip, nodes: { s2: { loopback: [] } } });
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works']);
  });

  test('a server whose reply does not reach the load balancer is out', () => {
    const elsewhere = { ...holdsVip, routes: [{ to: '203.0.113.2/32', via: '203.0.113.99' }] };
    const sketch = oneArm({ services: { a: checked }, servers: holdsVip, nodes: { s2: elsewhere } });
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works']);
  });

  test('one in another subnet is up if the router returns the request, and another server answers it', () => {
    const far = { interfaces: { l3: '198.51.100.142/25' }, gateway: '198.51.100.129' };
    const sketch = oneArm({ services: { a: checked }, servers: holdsVip, nodes: { s2: far } });
    sketch.nodes['l3']!.interfaces!['s2'] = '198.51.100.129/25';
    sketch.links[4] = ['s2', 'l3'];
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works', 's2 server-not-adjacent']);
  });
});

describe('destination and source of a check', () => {
  const check = { type: 'tcp' as const };
  const holdsVip = { loopback: [VIP_A], ...QUIET_ARP };
  const vipForgotten = { servers: holdsVip, nodes: { s2: { loopback: [] } } };
  const proxied = { vip: VIP_A, mode: 'proxy' as const, proxyIp: PIP, pool: ['s1', 's2'] };
  const onlyFrom = (address: string) => ({ s2: { filter: [{ drop: { protocol: 'tcp' as const, from: address } }] } });

  test.each([
    ['vip', ['s1 works']],
    ['server', ['s1 works', 's2 vip-not-on-server']],
  ] as const)('in dsr, the %s', (target, expected) => {
    const services = { a: { ...dsr, check: { ...check, target } } };
    expect(outcomes(oneArm({ services, ...vipForgotten }), 'client', 'a')).toEqual(expected);
  });

  test.each([
    ['proxy', proxied, {}],
    ['dsr', dsr, holdsVip],
  ])('another port, in %s', (_, service, servers) => {
    const nodes = {
      s1: { listeners: ['80/tcp', '8080/tcp'] },
      s2: { listeners: ['8080/tcp'] },
      b1: { listeners: ['80/tcp'] },
    };
    const services = { a: { ...service, pool: ['s1', 's2', 'b1'], check: { ...check, port: 8080 } } };
    expect(outcomes(oneArm({ services, servers, nodes }), 'client', 'a')).toEqual(['s1 works', 's2 refused']);
  });

  test.each([
    ['the L4 itself, where the traffic is stopped', L4, PIP, ['s1 works', 's2 filtered']],
    ['the proxy IP, as the traffic', PIP, PIP, ['s1 works']],
    ['the proxy IP, where the L4 itself is stopped', PIP, L4, ['s1 works', 's2 works']],
    ['the VIP, where the L4 itself is stopped', VIP_A, L4, ['s1 works', 's2 works']],
    ['an address that the L4 does not have', '203.0.113.99', '192.0.2.1', ['- no-server-available']],
  ])('%s', (_, source, stopped, expected) => {
    const services = { a: { ...proxied, check: { ...check, source } } };
    expect(outcomes(oneArm({ services, nodes: onlyFrom(stopped) }), 'client', 'a')).toEqual(expected);
  });
});

test('a check of an l3dsr server expects its reply from the VIP: a server without undoDscp is out', () => {
  const knowing = { loopback: [VIP_A], undoDscp: ['a'] };
  const services = { a: { ...dsr, mode: 'l3dsr' as const, dscp: 11, check: 'tcp' as const } };
  const sketch = crossSubnet({ services, nodes: { s1: knowing, s2: { loopback: [VIP_A] } } });
  expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works']);
});

test('checks change tables: a server that sends ARP with its VIP may be learned as its owner before the flow', () => {
  const answersArp = { loopback: [VIP_A], arpIgnore: 1, arpAnnounce: 0 };
  const services = { a: { ...dsr, pool: ['s1'], check: 'tcp' as const } };
  const asks = oneArm({
    services,
    servers: answersArp,
    nodes: { s1: { gateway: L3, routes: [{ to: '203.0.113.2/32', via: L3 }] } },
  });
  const lab = plan(asks);
  const crossesL4 = predict(lab, flow(lab, 'client', 'a')).map(({ request }) =>
    request.some(({ node }) => node === 'l4'),
  );
  expect(crossesL4).toEqual([true, false]);
});

test('a server that sends ARP for the load balancer with the VIP as source gets no reply: its check fails', () => {
  const answersArp = { loopback: [VIP_A], arpIgnore: 1, arpAnnounce: 0 };
  const services = { a: { ...dsr, pool: ['s1'], check: 'tcp' as const } };
  expect(outcomes(oneArm({ services, servers: answersArp }), 'client', 'a')).toEqual(
    expect.arrayContaining(['s1 works', '- no-server-available']),
  );
});

test('a service without a server validates the source before it refuses', () => {
  const services = { a: { ...dsr, mode: 'dnat' as const, pool: ['s1'], check: 'tcp' as const } };
  const nodes = { l4: { rpFilter: 1, routes: [{ to: '198.51.100.10/32', via: '203.0.113.99' }] } };
  const dead = { listeners: [] };
  expect(outcomes(oneArm({ services, servers: dead }), 'client', 'a')).toEqual(['- no-server-available']);
  const strict = oneArm({ services, servers: dead, nodes });
  strict.nodes['l4']!.interfaces!['s1'] = '192.0.2.1/24';
  strict.links.push(['l4', 's1']);
  strict.nodes['l4']!.routes = [{ to: '198.51.100.10/32', via: '192.0.2.2' }];
  expect(outcomes(strict, 'client', 'a')).toEqual(['- reverse-path']);
});

test('a load balancer that keeps the source MAC knows its servers before any flow, and sends them no ARP', () => {
  const announcing = { loopback: [VIP_A], arpIgnore: 1, arpAnnounce: 0 };
  const lab = inLine({ services: { a: { ...dsr, pool: ['s1'], sourceMac: 'keep' } }, servers: announcing });
  // Whether the server still knows its gateway: if not, it asks in the name of the VIP, which is the gateway's own.
  expect(outcomes(lab, 'client', 'a')).toEqual(['s1 own-address-as-source', 's1 own-address-as-source']);
});

test('an ARP request is no packet: no node learns from it what is behind a router', () => {
  const services = { a: { ...dsr, pool: ['s1'], sourceMac: 'keep' as const } };
  const lab = plan(oneArm({ services, servers: { routes: [{ to: '203.0.113.2/32', via: L3 }] } }));
  const [, learned] = initialStates(networkOf(lab));
  expect([...learned!.get('s1')!.neighbours.values()].map(({ address }) => address)).toEqual(['203.0.113.2']);
});

test.each([0, 1, 2])(
  'with arp_announce=%i a load balancer sends ARP with its own address, because there is no packet',
  (level) => {
    const services = { a: { ...dsr, pool: ['s1'], sourceMac: 'keep' as const } };
    const lab = oneArm({ services, nodes: { l4: { arpAnnounce: level } } });
    const [, learned] = initialStates(networkOf(plan(lab)));
    expect([...learned!.get('s1')!.neighbours.values()].map(({ address }) => address)).toEqual(['203.0.113.2']);
  },
);
