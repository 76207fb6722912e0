import fc from 'fast-check';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { predict } from './predict.ts';
import { flow, plan, type ServiceSketch } from './testing/lab-builder.ts';
import { CLIENT, crossSubnet, inLine, L4, oneArm, PIP, QUIET_ARP, S1, S2, VIP_A, VIP_B } from './testing/labs.ts';
import type { Hop, Prediction } from '../terms/walk.ts';

/** A hop in short: `l4 in l2 SRC → DST ttl 63`. */
function short({ node, direction, iface, src, dst, ttl }: Hop): string {
  return `${node} ${direction} ${iface} ${src.ip} → ${dst.ip} ttl ${ttl}`;
}

function only(lab: Plan, asked: FlowPlan): Prediction {
  const [first, ...others] = predict(lab, asked);
  expect(others).toEqual([]);
  return first!;
}

const oneServer = { vip: VIP_A, pool: ['s1'] };

test('dsr changes only MACs and TTL, and the reply goes through the L3', () => {
  const services = { a: { ...oneServer, mode: 'dsr' as const } };
  const lab = plan(oneArm({ services, servers: { loopback: [VIP_A], ...QUIET_ARP } }));
  const { request, reply } = only(lab, flow(lab, 'client', 'a'));
  expect(request.map(short)).toEqual([
    `client out l3 ${CLIENT} → ${VIP_A} ttl 64`,
    `l3 in client ${CLIENT} → ${VIP_A} ttl 64`,
    `l3 out l2 ${CLIENT} → ${VIP_A} ttl 63`,
    `l2 in l3 ${CLIENT} → ${VIP_A} ttl 63`,
    `l2 out l4 ${CLIENT} → ${VIP_A} ttl 63`,
    `l4 in l2 ${CLIENT} → ${VIP_A} ttl 63`,
    `l4 out l2 ${CLIENT} → ${VIP_A} ttl 62`,
    `l2 in l4 ${CLIENT} → ${VIP_A} ttl 62`,
    `l2 out s1 ${CLIENT} → ${VIP_A} ttl 62`,
    `s1 in l2 ${CLIENT} → ${VIP_A} ttl 62`,
  ]);
  const rewritten = request.find(({ node, direction }) => node === 'l4' && direction === 'out')!;
  expect(rewritten.changed.map(({ field }) => field)).toEqual(['src mac', 'dst mac', 'ttl']);
  expect(reply.map(short)).toEqual([
    `s1 out l2 ${VIP_A} → ${CLIENT} ttl 64`,
    `l2 in s1 ${VIP_A} → ${CLIENT} ttl 64`,
    `l2 out l3 ${VIP_A} → ${CLIENT} ttl 64`,
    `l3 in l2 ${VIP_A} → ${CLIENT} ttl 64`,
    `l3 out client ${VIP_A} → ${CLIENT} ttl 63`,
    `client in l3 ${VIP_A} → ${CLIENT} ttl 63`,
  ]);
});

test('proxy changes both addresses in both directions', () => {
  const lab = plan(oneArm({ services: { a: { ...oneServer, mode: 'proxy', proxyIp: PIP } } }));
  const { request, reply } = only(lab, flow(lab, 'client', 'a'));
  const pairs = (hops: Hop[]): string[] => [...new Set(hops.map(({ src, dst }) => `${src.ip} → ${dst.ip}`))];
  expect(pairs(request)).toEqual([`${CLIENT} → ${VIP_A}`, `${PIP} → ${S1}`]);
  expect(pairs(reply)).toEqual([`${S1} → ${PIP}`, `${VIP_A} → ${CLIENT}`]);
});

test('a pool of proxy IPs: each may be the source that the server sees', () => {
  const lab = plan(oneArm({ services: { a: { ...oneServer, mode: 'proxy', proxyIp: [PIP, '203.0.113.253'] } } }));
  expect(predict(lab, flow(lab, 'client', 'a')).map(({ sourceSeen }) => sourceSeen)).toEqual([PIP, '203.0.113.253']);
});

test('a walk ends where the packet dies, and the detail names the addresses of this flow', () => {
  const lab = plan(oneArm({ services: { a: { ...oneServer, mode: 'dnat' } } }));
  const { request, reply, cause } = only(lab, flow(lab, 's1', 'a'));
  expect(request.at(-1)).toMatchObject({ node: 's1', direction: 'in', src: { ip: S1 } });
  expect(reply).toEqual([]);
  expect(cause!.detail).toEqual({ code: 'own-source', params: { node: 's1', source: S1 } });
});

test('no listener: the reset is the answer, and it comes from the VIP', () => {
  const services = { a: { ...oneServer, mode: 'proxy' as const, proxyIp: PIP } };
  const lab = plan(oneArm({ services, servers: { listeners: [] } }));
  const { cause, reply } = only(lab, flow(lab, 'client', 'a'));
  expect(cause).toMatchObject({ code: 'refused', node: 's1' });
  expect(reply.at(-1)).toMatchObject({ node: 'client', src: { ip: VIP_A, port: 80 } });
});

test('no listener for UDP: the ICMP error comes from the VIP as well, since NAT undoes both', () => {
  const services = { a: { ...oneServer, mode: 'proxy' as const, proxyIp: PIP, protocol: 'udp' as const } };
  const lab = plan(oneArm({ services, servers: { listeners: [] } }));
  const { cause, reply } = only(lab, flow(lab, 'client', 'a', 'udp'));
  expect(cause).toMatchObject({ code: 'refused', node: 's1' });
  expect(reply.at(-1)).toMatchObject({ node: 'client', src: { ip: VIP_A, port: null }, dst: { ip: CLIENT } });
});

test.each(['udp', 'icmp'] as const)('%s to a node: there and back', (protocol) => {
  const listeners = ['80/udp'];
  const lab = plan(oneArm({ services: {}, servers: { listeners } }));
  expect(only(lab, flow(lab, 'client', 's1', protocol))).toMatchObject({
    outcome: 'works',
    picked: null,
    servedBy: 's1',
    sourceSeen: CLIENT,
  });
});

test.each([true, false])('ICMP echo to a VIP is answered by the L4 (vipOwner: %s)', (vipOwner) => {
  const lab = plan(oneArm({ services: { a: { ...oneServer, mode: 'dnat' } }, nodes: { l4: { vipOwner } } }));
  expect(only(lab, flow(lab, 'client', 'a', 'icmp'))).toMatchObject({ outcome: 'works', servedBy: 'l4', findings: [] });
});

test('a health check takes a server without a listener out of the pool; with none left the L4 refuses', () => {
  const services = { a: { vip: VIP_A, pool: ['s1', 's2'], mode: 'dnat' as const, check: 'tcp' as const } };
  const half = plan(oneArm({ services, servers: { gateway: L4 }, nodes: { s1: { listeners: [] } } }));
  expect(only(half, flow(half, 'client', 'a'))).toMatchObject({ picked: 's2', outcome: 'works' });
  const none = plan(oneArm({ services, servers: { gateway: L4, listeners: [] } }));
  expect(only(none, flow(none, 'client', 'a'))).toMatchObject({
    picked: null,
    cause: { code: 'no-server-available', node: 'l4' },
  });
});

test.each([
  ['no-route at the caller', { client: { gateway: undefined } }, 'no-route', 'client'],
  ['no-route at the router', { l3: { interfaces: { client: '198.51.100.1/24' } } }, 'no-route', 'l3'],
  ['nobody at the gateway address', { client: { gateway: '198.51.100.99' } }, 'no-neighbour', 'client'],
  ['nobody answers for the VIP', { l4: { down: ['l2'] } }, 'no-neighbour', 'l3'],
  ['a router that does not route', { l3: { forwarding: false } }, 'not-forwarding', 'l3'],
  [
    'strict rp_filter drops even the ARP request of a caller that is reached elsewhere',
    { l3: { rpFilter: 1, routes: [{ to: '198.51.100.10/32', via: S2 }] } },
    'reverse-path',
    'l3',
  ],
])('%s', (_name, nodes, code, node) => {
  const services = { a: { ...oneServer, mode: 'proxy' as const, proxyIp: PIP } };
  const sketch = oneArm({ services, nodes: nodes });
  if ('client' in nodes && nodes.client.gateway === undefined) delete sketch.nodes['client']!.gateway;
  const lab = plan(sketch);
  expect(only(lab, flow(lab, 'client', 'a')).cause).toMatchObject({ code, node });
});

test('two routers that route to each other: loop, when the TTL expires', () => {
  const sketch = oneArm({ services: {}, nodes: { l3: { routes: [{ to: '203.0.113.128/25', via: L4 }] } } });
  const lab = plan(sketch);
  const lost = { ...flow(lab, 'client', 's1'), address: '203.0.113.200', to: { node: 's1' } };
  sketch.nodes['l4']!.routes = [{ to: '203.0.113.128/25', via: '203.0.113.1' }];
  const looping = plan(sketch);
  const { cause, request } = only(looping, lost);
  expect(cause!.code).toBe('loop');
  expect(request.at(-1)!.ttl).toBe(1);
});

describe('properties', () => {
  const modes = fc.constantFrom('dnat' as const, 'proxy' as const, 'dsr' as const);
  const labs = fc.record({
    lab: fc.constantFrom(oneArm, inLine, crossSubnet),
    a: modes,
    b: modes,
    gateway: fc.constantFrom('l3', 'l4'),
    loopback: fc.subarray([VIP_A, VIP_B]),
    arp: fc.record({
      arpIgnore: fc.constantFrom(0, 1, 2),
      arpAnnounce: fc.constantFrom(0, 1, 2),
      rpFilter: fc.constantFrom(0, 1, 2),
      sendRedirects: fc.boolean(),
      acceptRedirects: fc.boolean(),
    }),
    l4: fc.record({ rpFilter: fc.constantFrom(0, 1), acceptLocal: fc.boolean(), vipOwner: fc.boolean() }),
    firewall: fc.constantFrom('none' as const, 'stateful' as const),
    protocol: fc.constantFrom('http' as const, 'udp' as const, 'icmp' as const),
    from: fc.constantFrom('client', 's1'),
    to: fc.constantFrom('a', 'b', 's2'),
  });
  type Settings = typeof labs extends fc.Arbitrary<infer T> ? T : never;

  function built({ lab, a, b, gateway, loopback, arp, l4, firewall }: Settings): Plan {
    const via = { oneArm: { l3: '203.0.113.1', l4: L4 }, inLine: { l3: L4, l4: L4 } }[lab.name] ?? {
      l3: '198.51.100.129',
      l4: '198.51.100.129',
    };
    return plan(
      lab({
        services: {
          a: { vip: VIP_A, mode: a, pool: ['s1', 's2'], ...(a === 'proxy' ? { proxyIp: PIP } : {}) },
          b: { vip: VIP_B, mode: b, pool: ['s2'], ...(b === 'proxy' ? { proxyIp: 'auto' } : {}) },
        },
        servers: { gateway: via[gateway], loopback, ...arp },
        nodes: { l4, l3: { firewall } },
      }),
    );
  }

  test('a prediction is complete: a failure has a cause at a node, a success has a server and an answer', () => {
    fc.assert(
      fc.property(labs, (settings) => {
        const lab = built(settings);
        for (const prediction of predict(lab, flow(lab, settings.from, settings.to, settings.protocol))) {
          const { outcome, cause, servedBy, reply } = prediction;
          if (outcome === 'works') {
            expect(cause).toBeNull();
            expect(servedBy).not.toBeNull();
            expect(reply.at(-1)!.node).toBe(settings.from);
          } else {
            expect(cause).not.toBeNull();
            expect(cause!.code).not.toBe('unexplained');
            expect(lab.nodes.map(({ name }) => name)).toContain(cause!.node);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a walk is continuous: what a node sends, its peer receives unchanged', () => {
    fc.assert(
      fc.property(labs, (settings) => {
        const lab = built(settings);
        for (const { request, reply } of predict(lab, flow(lab, settings.from, settings.to, settings.protocol))) {
          for (const leg of [request, reply]) {
            for (const [index, hop] of leg.entries()) {
              expect(hop.direction).toBe(index % 2 === 0 ? 'out' : 'in');
              if (hop.direction === 'in') expect(hop.changed).toEqual([]);
              else if (index > 0) expect(hop.node).toBe(leg[index - 1]!.node);
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('the same plan always has the same prediction', () => {
    fc.assert(
      fc.property(labs, (settings) => {
        const [one, other] = [built(settings), built(settings)];
        const asked = flow(one, settings.from, settings.to, settings.protocol);
        expect(predict(one, asked)).toEqual(predict(other, asked));
      }),
      { numRuns: 50 },
    );
  });
});

test('arp_ignore=2 requires a common subnet, of any address on the interface', () => {
  const services = { a: { ...oneServer, mode: 'proxy' as const, proxyIp: PIP } };
  const lab = plan(oneArm({ services, nodes: { l4: { arpIgnore: 2 } } }));
  expect(only(lab, flow(lab, 'client', 'a'))).toMatchObject({ outcome: 'works' });
});

test('a stateful router without NAT does not change the source of an ICMP error', () => {
  const nowhere = [{ to: '192.0.2.0/24', via: '203.0.113.99' }];
  const nodes = {
    l3: { firewall: 'stateful' as const, routes: [{ to: '192.0.2.0/24', via: L4 }] },
    l4: { routes: nowhere },
  };
  const lab = plan(oneArm({ services: {}, nodes }));
  const { cause, reply } = only(lab, { ...flow(lab, 'client', 's2', 'icmp'), address: '192.0.2.1' });
  expect(cause).toMatchObject({ code: 'no-neighbour', node: 'l4' });
  expect(reply.at(-1)).toMatchObject({ node: 'client', src: { ip: L4 } });
});

test('no healthy server: with `last-resort` all of them are tried; a draining one takes no new flow', () => {
  const services = { a: { vip: VIP_A, pool: ['s1', 's2'], mode: 'dnat' as const, check: 'tcp' as const } };
  const sketch = oneArm({ services, servers: { gateway: L4, listeners: [] } });
  const balancedBy = (lab: Plan) => lab.nodes.find(({ name }) => name === 'l4')!.balancer!.config.services[0]!;
  const dead = plan(sketch);
  balancedBy(dead).whenNoneUp = 'last-resort';
  expect(predict(dead, flow(dead, 'client', 'a')).map(({ picked, cause }) => [picked, cause!.code])).toEqual([
    ['s1', 'refused'],
    ['s2', 'refused'],
  ]);
  const draining = plan(sketch);
  balancedBy(draining).check.type = 'none';
  balancedBy(draining).servers[0]!.drain = true;
  expect(only(draining, flow(draining, 'client', 'a'))).toMatchObject({ picked: 's2' });
});

test('a DSR server without the VIP is the cause, however it loses the packet', () => {
  const services = { a: { ...oneServer, mode: 'dsr' as const } };
  const caller = plan(oneArm({ services, servers: { forwarding: true } }));
  expect(only(caller, flow(caller, 's1', 'a')).cause).toMatchObject({ code: 'vip-not-on-server', node: 's1' });
  const sketch = oneArm({ services: { a: { ...services.a, vip: '192.0.2.80' } }, servers: { forwarding: true } });
  sketch.nodes['l3']!.routes = [{ to: '192.0.2.80/32', via: L4 }];
  delete sketch.nodes['s1']!.gateway;
  const lost = plan(sketch);
  expect(only(lost, flow(lost, 'client', 'a')).cause).toMatchObject({ code: 'vip-not-on-server', node: 's1' });
});

test('it is also the cause if its packet returns through an L4 that keeps its MAC', () => {
  const direct = { vip: VIP_A, pool: ['s2'], mode: 'dsr' as const, sourceMac: 'keep' as const };
  const servers = { forwarding: true };
  const causes = (services: Record<string, ServiceSketch>) => {
    const lab = plan(oneArm({ services, servers }));
    return predict(lab, flow(lab, 's1', 'a')).map(({ cause }) => [cause!.code, cause!.node]);
  };
  expect(causes({ a: direct })).toEqual([['vip-not-on-server', 's2']]);
  // The check's own packet comes back as well, and the switch has learned s2 at the port of the L4.
  expect(causes({ a: direct, b: { ...direct, vip: VIP_B, check: 'tcp' } })).toEqual([
    ['vip-not-on-server', 's2'],
    ['mac-moved', 'l2'],
  ]);
});
