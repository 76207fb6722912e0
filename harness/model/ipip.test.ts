import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { NodeSketch, ServiceSketch } from './testing/lab-builder.ts';
import { crossSubnet, L4, oneArm, VIP_A } from './testing/labs.ts';
import type { Prediction } from '../terms/walk.ts';

const CLIENT = '198.51.100.10';
const S1 = '198.51.100.141';
const SERVER: Partial<NodeSketch> = { loopback: [VIP_A], tunnelEnd: ['a'] };

/** The server is behind a router. */
function predicted(
  server: Partial<NodeSketch>,
  {
    nodes = {},
    service = {},
    requestBytes = 0,
  }: { nodes?: Record<string, Partial<NodeSketch>>; service?: Partial<ServiceSketch>; requestBytes?: number } = {},
): Prediction {
  const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'], ...service } };
  const lab = plan(crossSubnet({ services, nodes: { s1: server, ...nodes } }));
  return predict(lab, { ...flow(lab, 'client', 'a'), requestBytes })[0]!;
}

test('the packet crosses the router in a tunnel; the server sees the client and replies from the VIP, bypassing the L4', () => {
  const { outcome, servedBy, sourceSeen, request, reply, l4, picked } = predicted(SERVER);
  expect({ outcome, servedBy, sourceSeen }).toEqual({ outcome: 'works', servedBy: 's1', sourceSeen: CLIENT });
  expect({ l4, picked }).toEqual({ l4: 'l4', picked: 's1' });
  const inside = { src: CLIENT, dst: VIP_A };
  const sent = request.find(({ node, direction }) => node === 'l4' && direction === 'out');
  expect(sent).toMatchObject({ src: { ip: '203.0.113.2', port: null }, dst: { ip: S1 }, ttl: 64, inside });
  expect(sent!.changed).toContainEqual({ field: 'carries', from: 'nothing', to: `${CLIENT} > ${VIP_A}` });
  expect(request.at(-1)).toMatchObject({ node: 's1', dst: { ip: S1 }, inside: { ...inside, ttl: sent!.inside!.ttl } });
  expect(reply[0]!.src.ip).toBe(VIP_A);
  expect(reply.map(({ node }) => node)).not.toContain('l4');
});

test('the L4 may own the VIP or not', () => {
  expect(predicted(SERVER, { nodes: { l4: { vipOwner: false } } }).outcome).toBe('works');
});

test('the source of an ICMP error about a packet for the tunnel is an interface address, even if the L4 owns the VIP', () => {
  const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'] } };
  for (const vipOwner of [true, false]) {
    const s1 = { tunnelEnd: ['a'], forwarding: true, gateway: L4 };
    const looping = plan(oneArm({ services, nodes: { l4: { vipOwner }, s1 } }));
    const [prediction] = predict(looping, flow(looping, 'client', 'a'));
    expect(prediction!.reply[0]).toMatchObject({ node: 'l4', src: { ip: L4 } });
  }
});

test('a server without a tunnel end notifies the L4, not the client', () => {
  const { cause, reply } = predicted({ loopback: [VIP_A] });
  expect(cause).toMatchObject({ code: 'no-tunnel-end', node: 's1', detail: { params: { address: S1 } } });
  expect(reply.at(-1)).toMatchObject({ node: 'l4', dst: { ip: '203.0.113.2' } });
});

test('a server that decapsulates the packet and does not hold the VIP is the cause', () => {
  expect(predicted({ ...SERVER, loopback: [] }).cause).toMatchObject({ code: 'vip-not-on-server', node: 's1' });
});

test.each([1, 2] as const)('rp_filter %d at the server: no route to the client uses its tunnel device', (rpFilter) => {
  const { cause } = predicted({ ...SERVER, rpFilter });
  expect(cause).toMatchObject({
    code: 'reverse-path',
    node: 's1',
    detail: { params: { source: CLIENT, iface: 'ipip4' } },
  });
});

test.each([
  [0, true],
  [1, false],
  [2, false],
] as const)(
  'rp_filter %d at a server that calls a VIP it does not hold: forwards its own packet: %s',
  (rpFilter, does) => {
    const services = { a: { vip: VIP_A, mode: 'ipip' as const, pool: ['s1'] } };
    const s1 = { tunnelEnd: ['a'], forwarding: true, acceptLocal: true, rpFilter };
    const lab = plan(oneArm({ services, nodes: { s1 } }));
    const [{ request }] = predict(lab, flow(lab, 's1', 'a')) as [Prediction];
    const sent = request.filter(({ node, direction }) => node === 's1' && direction === 'out');
    expect(sent.length > 1).toBe(does);
  },
);

test('the routing of the L4 forwards the packet: forwarding must be on', () => {
  const { cause } = predicted(SERVER, { nodes: { l4: { forwarding: false } } });
  expect(cause).toMatchObject({ code: 'not-forwarding', node: 'l4' });
});

test('a filter of a router sees the outer packet, a filter of the server sees both', () => {
  const drop = (protocol: 'ipip' | 'tcp') => ({ filter: [{ drop: { protocol } }] });
  expect(predicted(SERVER, { nodes: { l3: drop('ipip') } }).cause).toMatchObject({ code: 'filtered', node: 'l3' });
  expect(predicted({ ...SERVER, ...drop('ipip') }).cause).toMatchObject({ code: 'filtered', node: 's1' });
  expect(predicted({ ...SERVER, ...drop('tcp') }).cause).toMatchObject({ code: 'filtered', node: 's1' });
});

test('a stateful firewall on the path does not look at the inner packet', () => {
  const { outcome } = predicted(SERVER, { nodes: { l3: { firewall: 'stateful' } } });
  expect(outcome).toBe('works');
});

describe('large packets', () => {
  const unheard = { l3: { filter: [{ drop: { protocol: 'icmp' as const, type: 'too-big' as const } }] } };

  test('the client learns the MTU of the tunnel', () => {
    expect(predicted(SERVER, { requestBytes: 20_000 }).outcome).toBe('works');
  });

  test('without that ICMP error they are lost, whatever the MSS of the SYN', () => {
    expect(predicted(SERVER, { requestBytes: 20_000, nodes: unheard }).cause?.code).toBe('filtered');
    const clamped = predicted(SERVER, { requestBytes: 20_000, nodes: unheard, service: { mssClamp: 'auto' } });
    expect(clamped.cause?.code).toBe('filtered');
    const mss = clamped.request.map((hop) => hop.mss);
    expect([mss[0], mss.at(-1)]).toEqual([1460, 1440]);
  });

  test('a narrower link behind the L4: the L4 is notified and notifies the client', () => {
    const nodes = { l3: { ofInterfaces: { l2: { mtu: 1400 } } }, l2: { mtu: 1400 } };
    expect(predicted({ ...SERVER, mtu: 1400 }, { requestBytes: 20_000, nodes }).cause).toBe(null);
  });
});

describe('IPv6: the end of a tunnel has no address; an error about the packet inside has the one closest to the client', () => {
  /** The server replies to the client over a second link. */
  function sourceOfError({ loopback = [] }: { loopback?: string[] } = {}): string {
    const lab = plan({
      nodes: {
        client: {
          role: 'client',
          interfaces: { l4: '2001:db8:1::10/64', s1: '2001:db8:3::10/64' },
          gateway: '2001:db8:1::2',
        },
        l4: { role: 'l4', interfaces: { client: '2001:db8:1::2/64', s1: '2001:db8:2::2/64' }, forwarding: true },
        s1: {
          role: 'server',
          interfaces: { l4: '2001:db8:2::11/64', client: '2001:db8:3::11/64' },
          routes: [{ to: '2001:db8:1::/64', via: '2001:db8:3::10' }],
          tunnelEnd: ['a'],
          loopback,
        },
      },
      links: [
        ['client', 'l4'],
        ['l4', 's1'],
        ['client', 's1'],
      ],
      services: { a: { vip: '2001:db8:5::80', mode: 'ipip', pool: ['s1'] } },
    });
    const [{ cause, reply } = { reply: [] }] = predict(lab, flow(lab, 'client', 'a'));
    expect(cause).toMatchObject({ code: 'vip-not-on-server', node: 's1' });
    expect(reply[0]).toMatchObject({ node: 's1', iface: 'client' });
    return reply[0]!.src.ip;
  }

  test('the first of equally close ones', () => {
    // Both have 46 bits in common with 2001:db8:1::10.
    expect(sourceOfError()).toBe('2001:db8:2::11');
  });

  test('another VIP on its loopback, since it has more bits in common', () => {
    const vip = '2001:db8:1::80';
    expect(sourceOfError({ loopback: [vip] })).toBe(vip);
  });

  test('not a VIP with fewer bits in common', () => {
    expect(sourceOfError({ loopback: ['2001:db8:8::80'] })).toBe('2001:db8:2::11');
  });
});
