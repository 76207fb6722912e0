import { predict } from '../predict.ts';
import { flow, plan } from '../testing/lab-builder.ts';
import type { NodeSketch } from '../testing/lab-builder.ts';
import { inLine, inLineBridge, L4, oneArm, PIP, QUIET_ARP, VIP_A } from '../testing/labs.ts';
import type { Prediction } from '../../terms/walk.ts';

const services = {
  proxied: { vip: VIP_A, mode: 'proxy' as const, pool: ['s1'], proxyIp: PIP },
  direct: { vip: '203.0.113.81', mode: 'dsr' as const, pool: ['s2'] },
  names: { vip: '203.0.113.82', mode: 'proxy' as const, protocol: 'udp' as const, pool: ['s1'], proxyIp: PIP },
};

/** The one-arm lab with a second router between client and l3; `nodes` may narrow links. */
function predicted(to: string, bytes: number, nodes: Record<string, Partial<NodeSketch>>): Prediction {
  const sketch = oneArm({
    services,
    nodes: {
      s1: {
        listeners: ['80/tcp', '80/udp'],
      },
      s2: { loopback: ['203.0.113.81'], ...QUIET_ARP },
      client: { interfaces: { edge: '198.51.100.10/25' }, gateway: '198.51.100.1', ...nodes['client'] },
      l3: {
        interfaces: { edge: '198.51.100.130/25', l2: '203.0.113.1/24' },
        gateway: '198.51.100.129',
        ...nodes['l3'],
      },
      l2: nodes['l2'] ?? {},
    },
  });
  sketch.nodes['edge'] = {
    role: 'l3',
    interfaces: { client: '198.51.100.1/25', l3: '198.51.100.129/25' },
    routes: [{ to: '203.0.113.0/24', via: '198.51.100.130' }],
    forwarding: true,
    ...nodes['edge'],
  };
  sketch.links[0] = ['client', 'edge'];
  sketch.links.push(['edge', 'l3']);
  const lab = plan(sketch);
  const called = flow(lab, 'client', to, to === 'names' ? 'udp' : 'http');
  return predict(lab, { ...called, bytes })[0]!;
}

const NARROW = { edge: { ofInterfaces: { l3: { mtu: 1300 } } }, l3: { ofInterfaces: { edge: { mtu: 1300 } } } };

test.each(['proxied', 'direct', 's1:80'])(
  'routers send too-big, and TCP to %s discovers the path MTU, in both directions',
  (to) => {
    expect(predicted(to, 20_000, NARROW)).toMatchObject({ outcome: 'works', cause: null, findings: [] });
  },
);

test('a datagram that is too big is lost; a smaller one is not', () => {
  expect(predicted('names', 1400, NARROW).cause).toMatchObject({ code: 'too-big', node: 'edge' });
  expect(predicted('names', 1100, NARROW).outcome).toBe('works');
});

describe('an echo request', () => {
  const pinged = (to: string, bytes: number, nodes: Record<string, Partial<NodeSketch>>, isWhole: boolean): unknown => {
    const lab = plan(oneArm({ services, nodes }));
    const ping = { ...flow(lab, 'client', to, 'icmp'), bytes, ...(isWhole ? { dontFragment: true as const } : {}) };
    const [{ outcome, cause, request } = { outcome: 'none', cause: null, request: [] }] = predict(lab, ping);
    return outcome === 'works' ? outcome : [cause?.code, cause?.node, request.length === 0 ? 'unsent' : 'sent'];
  };
  const narrow = { l3: { ofInterfaces: { l2: { mtu: 1300 } } }, l4: { mtu: 1300 }, s1: { mtu: 1300 } };

  test.each(['s1', 'proxied'])('to %s gets too-big from a router, if it was not fragmented before', (to) => {
    expect(pinged(to, 1272, narrow, true)).toBe('works');
    expect(pinged(to, 1273, narrow, true)).toEqual(['too-big', 'l3', 'sent']);
    expect(pinged(to, 1273, narrow, false)).toEqual(['too-big', 'l3', 'sent']);
  });

  test('that the caller has fragmented is fragmented again', () => {
    expect(pinged('s1', 1473, narrow, false)).toBe('works');
  });

  test('with DF set does not leave a caller whose link is too narrow', () => {
    const client = { client: { mtu: 1300 } };
    expect(pinged('s1', 1272, client, true)).toBe('works');
    expect(pinged('s1', 1273, client, true)).toEqual(['too-big', 'client', 'unsent']);
    expect(pinged('s1', 1273, client, false)).toBe('works');
  });
});

test('a router fragments an echo reply', () => {
  const lab = plan(oneArm({ services, nodes: { l3: { ofInterfaces: { client: { mtu: 1300 } } } } }));
  const ping = { ...flow(lab, 'client', 's1', 'icmp'), bytes: 1273, dontFragment: true as const };
  expect(predict(lab, ping)).toMatchObject([{ outcome: 'works', findings: [] }]);
});

test('no router fragments an echo reply that a load balancer sends at ingress', () => {
  const nodes = { l3: { ofInterfaces: { client: { mtu: 1300 } } }, l4: { vipOwner: false } };
  const lab = plan(oneArm({ services: { direct: services.direct }, nodes }));
  const ping = { ...flow(lab, 'client', 'direct', 'icmp'), bytes: 1273 };
  expect(predict(lab, ping)).toMatchObject([{ outcome: 'fails', cause: { code: 'too-big', node: 'l3' } }]);
});

test.each(['proxied', 'direct'])('a switch is silent, and TCP to %s never discovers the MTU', (to) => {
  const { outcome, cause } = predicted(to, 20_000, { l2: { ofInterfaces: { l3: { mtu: 1300 } } } });
  expect({ outcome, code: cause?.code, node: cause?.node }).toEqual({ outcome: 'fails', code: 'too-big', node: 'l2' });
});

test('both ends honour the announced MSS: a narrow link at an end needs no discovery', () => {
  const { outcome } = predicted('proxied', 20_000, { client: { ofInterfaces: { edge: { mtu: 1300 } } } });
  expect(outcome).toBe('works');
});

describe('an L4 with a narrow link to its servers', () => {
  const upload = (
    service: Parameters<typeof inLine>[0]['services'][string],
    nodes: Record<string, Partial<NodeSketch>>,
  ) => {
    const lab = plan(
      inLine({ services: { a: service }, nodes: { l4: { ofInterfaces: { l2: { mtu: 1300 } } }, ...nodes } }),
    );
    return predict(lab, { ...flow(lab, 'client', 'a'), requestBytes: 4000 });
  };
  const pool = ['s1'];

  test.each([
    { vip: VIP_A, mode: 'dnat' as const, pool },
    { vip: VIP_A, mode: 'proxy' as const, pool, proxyIp: 'auto' },
  ])('notifies the caller, and NAT translates the quoted packet back: $mode', (service) => {
    expect(upload(service, {})).toMatchObject([{ outcome: 'works', cause: null }]);
  });

  test('the MSS announced in a health check does not apply to connections of other callers', () => {
    const service = { vip: VIP_A, mode: 'proxy' as const, pool, proxyIp: 'auto', check: 'tcp' as const };
    const lab = plan(inLine({ services: { a: service }, nodes: { l4: { ofInterfaces: { l2: { mtu: 1300 } } } } }));
    const reported = predict(lab, { ...flow(lab, 'client', 'a'), bytes: 4000 });
    expect(reported).toMatchObject([{ outcome: 'fails', cause: { code: 'too-big', node: 'l4' } }]);
  });
});

test('the address of a bridge has the smallest MTU of its ports: routed packets are fragmented for it, not lost', () => {
  const l4 = { ofInterfaces: { l3: { mtu: 1400 } } };
  const l3 = { ofInterfaces: { l4: { mtu: 1400 } } };
  const lab = plan(inLineBridge({ services: {}, nodes: { l3, l4, s1: { gateway: L4 } } }));
  const ping = { ...flow(lab, 's1', 'client', 'icmp'), bytes: 3000 };
  expect(predict(lab, ping)[0]).toMatchObject({ outcome: 'works', cause: null });
});
