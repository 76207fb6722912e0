import fc from 'fast-check';
import { ICMP_TYPES } from '../../harness/terms/filter.ts';

/** Mostly the usual value, sometimes another one: in a lab of only unusual values no flow would work. */
export function mostly<T>(usual: T, others: readonly T[], weight = 4): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

/** A setting that is rarely present. */
function seldom(key: string, values: readonly unknown[], weight = 12): fc.Arbitrary<Record<string, unknown>> {
  return mostly<Record<string, unknown>>(
    {},
    values.map((value) => ({ [key]: value })),
    weight,
  );
}

/** Settings of several arbitraries in one mapping. */
function merged(...parts: fc.Arbitrary<Record<string, unknown>>[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as Record<string, unknown>);
}

const CLIENTS = '198.51.100.0/26';
const NEAR = '203.0.113.0/25';

/** Rules of packet filters. */
const FILTERS = [
  ...ICMP_TYPES.map((type) => [{ drop: { protocol: 'icmp', type } }]),
  [{ reject: { protocol: 'icmp', type: 'echo-request' } }],
  [{ drop: { from: CLIENTS } }],
  [{ reject: { protocol: 'tcp', to: NEAR } }],
  [{ accept: { from: NEAR } }, { drop: {} }],
  [{ accept: { protocol: 'tcp', to: CLIENTS } }, { accept: { protocol: 'tcp', port: 80 } }, { drop: {} }],
  [{ accept: { protocol: 'icmp' } }, { reject: { to: NEAR } }],
  [{ drop: { protocol: 'icmp' } }],
  [{ reject: { protocol: 'icmp' } }],
  [{ drop: { protocol: 'tcp', port: 80 } }],
  [{ reject: { protocol: 'tcp', port: 80 } }],
  [{ reject: { protocol: 'udp' } }],
  [{ drop: { protocol: 'udp', from: 'client' } }],
  [{ drop: { protocol: 'ipip' } }],
  [{ drop: { from: 'l4' } }],
  [{ reject: { from: 'client' } }],
  [{ drop: { to: 'client' } }],
  [{ reject: { to: 'client' } }],
  [{ reject: { protocol: 'tcp', to: 's1' } }],
  [{ accept: { from: 'l4' } }, { drop: { protocol: 'tcp' } }],
  [{ reject: { protocol: 'tcp', to: 'web' } }],
];

/** Kernel settings of any node with IP. */
export const host: fc.Arbitrary<Record<string, unknown>> = merged(
  fc.record({
    rpFilter: mostly(0, [1, 2]),
    arpIgnore: mostly(0, [1, 2]),
    arpAnnounce: mostly(0, [1, 2]),
    acceptLocal: mostly(false, [true]),
    acceptRedirects: mostly(false, [true]),
  }),
  seldom('loopback', [['web'], ['api']]),
  seldom('filter', FILTERS),
);

const redirects = fc.record({ sendRedirects: mostly(false, [true]) });

const firewall = mostly<Record<string, unknown>>({ firewall: 'none' }, [{ firewall: 'stateful' }]);

const tracking = seldom('sysctls', [{ 'net.netfilter.nf_conntrack_tcp_be_liberal': 1 }]);

export const router: fc.Arbitrary<Record<string, unknown>> = merged(
  host,
  redirects,
  seldom('forwarding', [false]),
  seldom('proxyArp', [true], 6),
  firewall,
  tracking,
);

/** Without `forwarding`: the load balancer does not start if it is off. */
export const balancer: fc.Arbitrary<Record<string, unknown>> = merged(
  host,
  redirects,
  firewall,
  tracking,
  mostly({ vipOwner: true }, [{ vipOwner: false }]),
  seldom('lb', ['off']),
  seldom('proxyArp', [true]),
  seldom('gateway', ['none']),
);

/** Settings of all servers, mostly as DSR needs them. */
export const servers: fc.Arbitrary<Record<string, unknown>> = fc.record({
  arpIgnore: fc.constantFrom(1, 0, 2),
  arpAnnounce: fc.constantFrom(2, 0, 1),
  rpFilter: mostly(0, [1, 2]),
  acceptLocal: mostly(false, [true]),
  acceptRedirects: mostly(false, [true]),
  forwarding: mostly(false, [true]),
  loopback: fc.subarray(['web', 'api']),
  undoDscp: mostly(['web', 'api'], [[], ['web'], ['api']]),
  tunnelEnd: mostly(['web', 'api'], [[], ['web'], ['api']]),
});

/** Settings of one server that differ from the others. */
export const oneServer: fc.Arbitrary<Record<string, unknown>> = merged(
  mostly({}, [{ listeners: [] }, { listeners: ['80/tcp', '80/udp'] }, { listeners: ['127.0.0.1:80/tcp'] }]),
  seldom('loopback', [[], ['web'], ['web', 'api']], 6),
  seldom('undoDscp', [[], ['web', 'api']]),
  seldom('tunnelEnd', [[], ['web', 'api']]),
  seldom('firewall', ['stateful']),
  seldom('filter', FILTERS),
  seldom('down', [['l2']], 20),
);

/** Prefix length of a server with one interface; nearly always correct. */
export const prefixLength: fc.Arbitrary<number> = mostly(25, [24, 28, 4], 14);
