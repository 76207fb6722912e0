import type { Prediction } from '../terms/walk.ts';
import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { NodeSketch, ServiceSketch } from './testing/lab-builder.ts';

/** The VIP and its callers are of one family, addresses of the tunnel of the other one. */
const MIXES = {
  'IPv4 in IPv6': {
    service: { vip: '203.0.113.80', outer: 'ipv6' },
    client: '198.51.100.10',
    l4: '2001:db8:2::2',
    s1: '2001:db8:5::11',
    single: { interfaces: { l3: '2001:db8:5::11/64' }, gateway: '2001:db8:5::1' },
    plainVip: '2001:db8:2::90',
    mss: [1460, 1420],
  },
  'IPv6 in IPv4': {
    service: { vip: '2001:db8:2::80', outer: 'ipv4' },
    client: '2001:db8:1::10',
    l4: '203.0.113.2',
    s1: '192.0.2.11',
    single: { interfaces: { l3: '192.0.2.11/24' }, gateway: '192.0.2.1' },
    plainVip: '203.0.113.90',
    mss: [1440, 1420],
  },
} as const;
type Mix = keyof typeof MIXES;
const BOTH = Object.keys(MIXES) as Mix[];

interface Changes {
  nodes?: Record<string, Partial<NodeSketch>>;
  service?: Partial<ServiceSketch>;
  others?: Record<string, ServiceSketch>;
  requestBytes?: number;
}

const ROUTER = {
  client: '198.51.100.1/24 2001:db8:1::1/64',
  l2: '203.0.113.1/24 2001:db8:2::1/64',
  s1: '192.0.2.1/24 2001:db8:5::1/64',
};
const L4 = '203.0.113.2/24 2001:db8:2::2/64';
const S1 = '192.0.2.11/24 2001:db8:5::11/64';

/** The server is behind a router, and every node has addresses of both families. */
function predicted(
  mix: Mix,
  server: Partial<NodeSketch> = {},
  { nodes = {}, service = {}, others = {}, requestBytes = 0 }: Changes = {},
  to = 'a',
): Prediction {
  const lab = plan({
    nodes: {
      client: { role: 'client', interfaces: { l3: '198.51.100.10/24 2001:db8:1::10/64' }, gateway: 'l3' },
      l3: { role: 'l3', interfaces: ROUTER, forwarding: true, ...nodes['l3'] },
      l2: { role: 'l2' },
      l4: { role: 'l4', interfaces: { l2: L4 }, gateway: 'l3', forwarding: true, ...nodes['l4'] },
      s1: { role: 'server', interfaces: { l3: S1 }, gateway: 'l3', loopback: ['a'], tunnelEnd: ['a'], ...server },
    },
    links: [
      ['client', 'l3'],
      ['l3', 'l2'],
      ['l4', 'l2'],
      ['l3', 's1'],
    ],
    services: { a: { ...MIXES[mix].service, mode: 'ipip', pool: ['s1'], ...service }, ...others },
  });
  return predict(lab, { ...flow(lab, 'client', to), requestBytes })[0]!;
}

test.each(BOTH)('%s: the server sees the client, and replies in the family of the VIP, bypassing the L4', (mix) => {
  const { service, client, l4, s1 } = MIXES[mix];
  const { outcome, servedBy, sourceSeen, request, reply } = predicted(mix);
  expect({ outcome, servedBy, sourceSeen }).toEqual({ outcome: 'works', servedBy: 's1', sourceSeen: client });
  const sent = request.find(({ node, direction }) => node === 'l4' && direction === 'out');
  expect(sent).toMatchObject({ src: { ip: l4 }, dst: { ip: s1 }, ttl: 64, inside: { src: client, dst: service.vip } });
  expect(reply[0]).toMatchObject({ src: { ip: service.vip }, dst: { ip: client } });
  expect(reply.map(({ node }) => node)).not.toContain('l4');
});

test.each(BOTH)('%s: a server with only addresses of the family of its tunnel has no route back', (mix) => {
  const { single, client } = MIXES[mix];
  const expected = { code: 'no-route', node: 's1', detail: { params: { address: client } } };
  expect(predicted(mix, single).cause).toMatchObject(expected);
  expect(predicted(mix, { gateway: single.gateway }).cause).toMatchObject(expected);
});

test.each(BOTH)('%s: a server without such a tunnel end notifies the L4', (mix) => {
  const { l4, s1 } = MIXES[mix];
  const { cause, reply } = predicted(mix, { tunnelEnd: [] });
  expect(cause).toMatchObject({ code: 'no-tunnel-end', node: 's1', detail: { params: { address: s1 } } });
  expect(reply.at(-1)).toMatchObject({ node: 'l4', dst: { ip: l4 } });
});

test.each([
  ['IPv4 in IPv6', 'takes out both: so does one device of IPv6', 'works'],
  ['IPv6 in IPv4', 'takes out no other', 'fails'],
] as const)('%s: the end of a tunnel of one family %s', (mix, _, outcome) => {
  const others: Changes['others'] = { b: { vip: MIXES[mix].plainVip, mode: 'ipip', pool: ['s1'] } };
  const server = { loopback: ['a', 'b'], tunnelEnd: ['b'] };
  expect(predicted(mix, server, { others }, 'b').outcome).toBe('works');
  expect(predicted(mix, server, { others }).outcome).toBe(outcome);
});

test('strict rp_filter at the server drops IPv4 from an IPv6 tunnel, but not IPv6 from an IPv4 tunnel', () => {
  expect(predicted('IPv4 in IPv6', { rpFilter: 1 }).cause).toMatchObject({
    code: 'reverse-path',
    detail: { params: { iface: 'ipip6' } },
  });
  expect(predicted('IPv6 in IPv4', { rpFilter: 1 }).outcome).toBe('works');
});

test.each(BOTH)('%s: filters see the outer packet as ipip', (mix) => {
  const filter = [{ drop: { protocol: 'ipip' as const } }];
  expect(predicted(mix, {}, { nodes: { l3: { filter } } }).cause).toMatchObject({ code: 'filtered', node: 'l3' });
});

describe.each(BOTH)('%s: large packets', (mix) => {
  const { client, mss } = MIXES[mix];
  const requestBytes = 20_000;

  test('the client learns the MTU of the tunnel, in its own family', () => {
    expect(predicted(mix, {}, { requestBytes }).outcome).toBe('works');
    const nodes = { l3: { filter: [{ drop: { protocol: 'icmp' as const, type: 'too-big' as const } }] } };
    const { cause } = predicted(mix, {}, { requestBytes, nodes });
    expect(cause).toMatchObject({ code: 'filtered', node: 'l3', detail: { params: { address: client } } });
  });

  test('a narrower link behind the L4: the L4 is notified in the family of the tunnel, and notifies the client', () => {
    const narrow = { l3: { ofInterfaces: { s1: { mtu: 1400 } } } };
    expect(predicted(mix, { mtu: 1400 }, { requestBytes, nodes: narrow }).cause).toBe(null);
    const filter = [{ drop: { protocol: 'icmp' as const, type: 'too-big' as const, to: MIXES[mix].l4 } }];
    const unheard = { ...narrow, l4: { filter } };
    const { cause } = predicted(mix, { mtu: 1400 }, { requestBytes, nodes: unheard });
    expect(cause).toMatchObject({ code: 'filtered', node: 'l4', detail: { params: { address: MIXES[mix].l4 } } });
  });

  test('a clamped MSS leaves space for the outer header', () => {
    const { request } = predicted(mix, {}, { service: { mssClamp: 'auto' } });
    expect([request[0]!.mss, request.at(-1)!.mss]).toEqual(mss);
  });
});
