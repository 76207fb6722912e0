import type { CauseCode } from '../harness/terms/cause.ts';
import type { FindingCode } from '../harness/terms/finding.ts';
import type { Reasons } from '../harness/terms/reason.ts';

/** A change that breaks a passing variant, and the required report. */
export interface Mutation {
  title: string;
  scenario: string;
  variant: string;
  /** Merge patch (RFC 7396) on the variant. */
  change: Record<string, unknown>;
  /** Cause or finding that names the change; otherwise, as for a wrong priority, the reason. */
  named: CauseCode | FindingCode | keyof Reasons;
  /** Node at which a cause must be found. */
  at?: string;
}

type Broken = [title: string, change: Record<string, unknown>, named: Mutation['named'], at?: string];

function mutations(scenario: string, variant: string, broken: Broken[]): Mutation[] {
  return broken.map(([title, change, named, at]) => ({
    title,
    scenario,
    variant,
    change,
    named,
    ...(at === undefined ? {} : { at }),
  }));
}

const web = (change: Record<string, unknown>): Record<string, unknown> => ({ services: { web: change } });
const node = (name: string, settings: Record<string, unknown>): Record<string, unknown> => ({
  nodes: { [name]: settings },
});
const trunkToL4 = (trunk: number[]): Record<string, unknown> => node('sw', { ports: { l4: { trunk } } });
const vlanOfServers = (vlan: number): Record<string, unknown> => node('sw', { ports: { s1: { vlan }, s2: { vlan } } });
const NO_PROXY_IP = web({ mode: 'dnat', proxyIp: null });

const hashes = (inbound: string, outbound: string): Record<string, unknown> => ({
  services: { inbound: { hash: inbound }, outbound: { hash: outbound } },
});
const filtered = (name: string, rule: unknown): Record<string, unknown> => node(name, { filter: [rule] });
const bySource = (from: string, ...others: string[]): Record<string, unknown> => ({
  names: { 'www.example.test': { records: [{ to: 'web-a', from }, ...others] } },
});
const VIP = '203.0.113.80';
const PROXY_IP = '203.0.113.254';
const S1 = '203.0.113.11';
/** Without the ports of their services, servers would listen on those of the VIPs. */
const OTHER_PORTS = ['8080/tcp', '8081/tcp', '5353/udp'];
const NO_MAC = '02:00:00:00:00:99';

export const MUTATIONS: Mutation[] = [
  ...mutations('proxy-and-dsr/proxy', 'fixed', [
    ['proxy IP removed', NO_PROXY_IP, 'reply-not-from-vip', 'client'],
    ['listener of s1 stopped', node('s1', { listeners: [] }), 'refused', 's1'],
    ['cable of s1 cut', node('s1', { down: ['l2'] }), 'no-neighbour', 'l4'],
    ['cable of the L4 cut', node('l4', { down: ['l2'] }), 'no-neighbour', 'l3'],
    ['load balancer off', node('l4', { lb: 'off' }), 'no-neighbour', 'l3'],
    ['L3 does not forward', node('l3', { forwarding: false }), 'not-forwarding', 'l3'],
    ['gateway of the client removed', node('client', { gateway: 'none' }), 'no-route', 'client'],
    ['netmask of the client too wide', node('client', { address: '198.51.100.10/4' }), 'no-neighbour', 'client'],
    ['proxy IP on s1 as well', node('s1', { loopback: ['203.0.113.254'] }), 'own-address-as-source', 's1'],
  ]),
  ...mutations('basics/names', 'both-sites', [
    ['records of the name taken out', { names: { 'www.example.test': { records: [] } } }, 'no-address', 'dns'],
    ['one record taken out', { names: { 'www.example.test': { records: ['web-a'] } } }, 'wrong-share'],
    ['DNS server stopped', node('dns', { listeners: [] }), 'refused', 'dns'],
    ['gateway of the DNS server removed', node('dns', { gateway: 'none' }), 'no-route', 'dns'],
    ['the L3 drops questions', filtered('l3', { drop: { protocol: 'udp', port: 53 } }), 'filtered', 'l3'],
    ['the L3 drops answers', filtered('l3', { reject: { from: 'dns' } }), 'filtered', 'l3'],
    ['listener of s2 stopped', node('s2', { listeners: [] }), 'refused', 's2'],
  ]),
  ...mutations('basics/names', 'site-b-checked', [
    [
      'answers with services that are down',
      { names: { 'www.example.test': { onlyHealthy: null } } },
      'no-server-available',
      'l4b',
    ],
    ['listener of s1 stopped as well', node('s1', { listeners: [] }), 'no-address', 'dns'],
    ['check of the site that is down removed', { services: { 'web-b': { check: null } } }, 'refused', 's2'],
  ]),
  ...mutations('basics/names', 'failover', [
    ['policy removed', { names: { 'www.example.test': { policy: null } } }, 'wrong-server'],
    ['records in another order', { names: { 'www.example.test': { records: ['web-b', 'web-a'] } } }, 'wrong-server'],
    ['listener of s1 stopped', node('s1', { listeners: [] }), 'wrong-server'],
  ]),
  ...mutations('basics/names', 'shorter-ttl', [
    ['TTL as it was', { names: { 'www.example.test': { ttl: '2m' } } }, 'stale-answer', 'client'],
    ['listener of s2 stopped as well', node('s2', { listeners: [] }), 'no-address', 'dns'],
  ]),
  ...mutations('basics/names', 'vip-moves', [
    ['VIP stays at the L3', node('l3', { routes: [] }), 'no-neighbour', 'l3'],
    [
      'L4 of the other site does not have it',
      { services: { 'web-a': { l4: 'l4a', pool: ['s1'] } } },
      'stale-answer',
      'client',
    ],
  ]),
  ...mutations('basics/names', 'by-source', [
    ['network of the callers too small', bySource('198.51.100.0/29', 'web-b'), 'wrong-server'],
    ['network of the callers too wide', bySource('198.51.100.0/24', 'web-b'), 'wrong-server'],
    ['record for all others taken out', bySource('198.51.100.0/25'), 'no-address', 'dns'],
  ]),
  ...mutations('proxy-and-dsr/server-port', 'dnat', [
    [
      'port of the servers forgotten',
      { ...web({ pool: ['s1', 's2'] }), servers: { listeners: OTHER_PORTS } },
      'refused',
      's1',
    ],
    [
      'mode changed to DSR, which rewrites no port',
      {
        ...web({ mode: 'dsr', pool: ['s1', 's2'] }),
        servers: { listeners: OTHER_PORTS, gateway: 'l3', loopback: ['web'], arpIgnore: 1, arpAnnounce: 2 },
      },
      'refused',
    ],
  ]),
  ...mutations('proxy-and-dsr/gateway', 'dnat-gateway-l4', [
    ['gateway of the servers to the L3', { servers: { gateway: 'l3' } }, 'reply-not-from-vip', 'client'],
    ['L3 does not forward', node('l3', { forwarding: false }), 'not-forwarding', 'l3'],
    ['gateway of s1 removed', node('s1', { gateway: 'none' }), 'no-route', 's1'],
    ['gateway of the L4 removed', node('l4', { gateway: 'none' }), 'no-route', 'l4'],
  ]),
  ...mutations('proxy-and-dsr/gateway', 'dsr-gateway-l3', [
    ['loopback VIP dropped', { servers: { loopback: [] } }, 'vip-not-on-server'],
    ['gateway of the servers to the L4', { servers: { gateway: 'l4' } }, 'own-address-as-source', 'l4'],
    ['pool in mode dnat', web({ mode: 'dnat' }), 'reply-not-from-vip', 'client'],
  ]),
  ...mutations('proxy-and-dsr/dsr', 'vip-on-loopback', [
    ['loopback VIP of s2 dropped', node('s2', { loopback: [] }), 'vip-not-on-server', 's2'],
    ['listener of s1 stopped', node('s1', { listeners: [] }), 'refused', 's1'],
    ['gateway of s1 removed', node('s1', { gateway: 'none' }), 'no-route', 's1'],
    ['gateway of s1 an address that nobody has', node('s1', { gateway: '203.0.113.99' }), 'no-neighbour', 's1'],
    ['netmask of s1 too wide', node('s1', { address: '203.0.113.11/4' }), 'no-neighbour', 's1'],
    [
      'address of the client on s1 as well',
      node('s1', { loopback: ['web', '198.51.100.10'] }),
      'own-address-as-source',
      's1',
    ],
    ['source MAC kept', web({ sourceMac: 'keep' }), 'mac-moved', 'l2'],
    ['VIP on b1 as well', node('b1', { loopback: ['web'] }), 'answered-by-itself'],
  ]),
  ...mutations('proxy-and-dsr/client-address', 'base', [
    ['loopback VIPs dropped', { servers: { loopback: [] } }, 'vip-not-on-server'],
    ['listener of the UDP service stopped', { servers: { listeners: ['80/tcp', '5060/udp'] } }, 'refused'],
    ['source MAC kept', { services: { direct: { sourceMac: 'keep' } } }, 'mac-moved', 'l2'],
  ]),
  ...mutations('proxy-and-dsr/services-that-call-each-other', 'pools-of-their-own', [
    ['VIP of B on s1 as well', node('s1', { loopback: ['a', 'b'] }), 'answered-by-itself'],
    ['source MAC of B kept', { services: { b: { sourceMac: 'keep' } } }, 'mac-moved', 'l2'],
    ['B without a proxy IP', { services: { b: { mode: 'dnat' } } }, 'reply-not-from-vip'],
  ]),
  ...mutations('proxy-and-dsr/services-that-call-each-other', 'b-in-proxy', [
    ['proxy IP of B removed', { services: { b: { mode: 'dnat', proxyIp: null } } }, 'reply-not-from-vip'],
  ]),
  ...mutations('proxy-and-dsr/in-line', 'proxy', [
    ['proxy IP removed, s2 picked', web({ mode: 'dnat', proxyIp: null, pool: ['s2'] }), 'reply-not-from-vip', 's1'],
    ['proxy IP removed, s1 picked', web({ mode: 'dnat', proxyIp: null, pool: ['s1'] }), 'own-address-as-source', 's1'],
    ['L3 does not forward', node('l3', { forwarding: false }), 'not-forwarding', 'l3'],
    ['cable between L4 and L2 cut', node('l2', { down: ['l4'] }), 'no-neighbour', 'l4'],
    ['load balancer off', node('l4', { lb: 'off' }), 'no-neighbour', 'l3'],
  ]),
  ...mutations('proxy-and-dsr/in-line', 'dnat-picks-s2', [
    ['gateway of the servers removed', { servers: { gateway: 'none' } }, 'no-route', 's2'],
  ]),
  ...mutations('proxy-and-dsr/in-line', 'dsr', [
    ['L4 holds the VIP', node('l4', { vipOwner: true }), 'own-address-as-source', 'l4'],
    ['gateway of the L4 removed', node('l4', { gateway: 'none' }), 'no-route', 'l4'],
  ]),
  ...mutations('proxy-and-dsr/l4-on-the-l3', 'fixed', [
    ['proxy IP removed', NO_PROXY_IP, 'reply-not-from-vip', 'client'],
    ['gateway of the L4 removed', node('l4', { gateway: 'none' }), 'no-route', 'l4'],
    ['cable between L3 and L4 cut', node('l4', { down: ['l3'] }), 'no-neighbour', 'l3'],
    ['mode dsr', web({ mode: 'dsr', proxyIp: null }), 'server-not-adjacent', 'l4'],
  ]),
  ...mutations('proxy-and-dsr/clients-behind-nat', 'one-address', [
    ['NAT removed', node('l3', { nat: 'none' }), 'wrong-source'],
    ['NAT to an address that nobody has', node('l3', { nat: { out: 'l2', to: '203.0.113.50' } }), 'no-neighbour'],
  ]),
  ...mutations('proxy-and-dsr/clients-behind-nat', 'dnat-not-hidden', [
    ['the L3 masquerades', node('l3', { nat: { out: 'l2' } }), 'reply-not-from-vip', 'l3'],
  ]),
  ...mutations('proxy-and-dsr/clients-behind-nat', 'dnat-behind-another-subnet', [
    ['listener of s2 stopped', node('s2', { listeners: [] }), 'refused', 's2'],
    ['the L4 drops what comes back', filtered('l4', { drop: { to: '192.0.2.1' } }), 'filtered', 'l4'],
    ['the L3 drops what it translates back', filtered('l3', { drop: { to: 'client' } }), 'filtered', 'l3'],
  ]),
  ...mutations('proxy-and-dsr/gateway', 'dnat-gateway-l4', [
    ['the L3 masquerades', node('l3', { nat: { out: 'l2' } }), 'reply-not-from-vip', 'l3'],
  ]),
  ...mutations('proxy-ip/address-pairs', 'gateway-l3', [
    ['listener of UDP stopped', { servers: { listeners: ['80/tcp'] } }, 'refused'],
    ['proxy IP removed', NO_PROXY_IP, 'reply-not-from-vip', 'client'],
  ]),
  ...mutations('proxy-ip/address-pairs', 'no-gateway', [['proxy IP removed', NO_PROXY_IP, 'no-route']]),
  ...mutations('proxy-ip/server-to-vip', 'proxy-ip-picks-s2', [
    ['proxy IP removed', NO_PROXY_IP, 'reply-not-from-vip', 's1'],
    ['mode dsr without loopback VIP', web({ mode: 'dsr', proxyIp: null }), 'vip-not-on-server', 's2'],
  ]),
  ...mutations('proxy-ip/server-to-vip', 'proxy-ip-picks-s1', [
    ['proxy IP removed', NO_PROXY_IP, 'own-address-as-source', 's1'],
  ]),
  ...mutations('proxy-ip/servers-in-another-subnet', 'proxy-ip', [
    ['proxy IP removed', NO_PROXY_IP, 'reply-not-from-vip', 'client'],
    ['link between L3 and the servers cut', node('l3', { down: ['l2-far'] }), 'no-route', 'l3'],
    ['mode dsr', web({ mode: 'dsr', proxyIp: null }), 'server-not-adjacent', 'l4'],
    ['gateway of the servers removed', { servers: { gateway: 'none' } }, 'no-route'],
    ['gateway of the L4 removed', node('l4', { gateway: 'none' }), 'no-route', 'l4'],
  ]),
  ...mutations('switching/in-line-l2', 'rewrites-source-mac', [
    ['source MAC kept', { services: { a: { sourceMac: 'keep' }, b: { sourceMac: 'keep' } } }, 'mac-moved', 'l2'],
    ['loopback VIP of B dropped', node('b1', { loopback: [] }), 'vip-not-on-server', 'b1'],
    ['load balancer off', node('l4', { lb: 'off' }), 'no-neighbour'],
  ]),
  ...mutations('switching/stateful-l3', 'stateless', [
    ['L3 keeps state', node('l3', { firewall: 'stateful' }), 'half-seen-by-firewall', 'l3'],
    ['route of the L3 to the VIPs removed', node('l3', { routes: [] }), 'no-neighbour', 'l3'],
  ]),
  ...mutations('switching/firewalls', 'symmetric', [
    ['both hash both addresses', hashes('both', 'both'), 'half-seen-by-firewall', 'fw2'],
    ['both hash the source', hashes('source', 'source'), 'half-seen-by-firewall', 'fw2'],
    ['next hops in another order', { services: { outbound: { nextHops: ['fw2', 'fw1'] } } }, 'half-seen-by-firewall'],
    ['fw1 does not forward', node('fw1', { forwarding: false }), 'not-forwarding', 'fw1'],
    ['load balancer at the clients off', node('l4-out', { lb: 'off' }), 'half-seen-by-firewall', 'fw2'],
  ]),
  ...mutations('switching/native-vlans', 'same', [
    [
      'the native VLAN of a trunk at one end',
      node('sw2', { ports: { sw1: { trunk: [10, 20], native: 20 } } }),
      'vlan-mismatch',
      'sw2',
    ],
  ]),
  ...mutations('switching/l4-on-a-stick', 'proxy', [
    ['VLAN of the servers not on the trunk to the L4', trunkToL4([10]), 'vlan-mismatch', 'sw'],
    ['VLAN of the clients not on the trunk to the L4', trunkToL4([20]), 'vlan-mismatch', 'sw'],
    ['servers in another VLAN', vlanOfServers(30), 'vlan-mismatch', 'sw'],
    ['trunk to the L4 made an access port', node('sw', { ports: { l4: { vlan: 10 } } }), 'vlan-mismatch', 'sw'],
  ]),
  ...mutations('kernel/arp', 'quiet-lb-off', [['arp_ignore off', node('s1', { arpIgnore: 0 }), 'l4-bypassed']]),
  ...mutations('kernel/arp', 'quiet', [['arp_announce off', node('s1', { arpAnnounce: 0 }), 'l4-bypassed']]),
  ...mutations('kernel/source-routing', 'dsr-by-source', [
    ['rule of the source removed', { servers: { routes: [] } }, 'reverse-path'],
    [
      'rule of another source',
      { servers: { routes: [{ to: 'default', from: '203.0.113.0/28', via: '203.0.113.1' }] } },
      'reverse-path',
    ],
  ]),
  ...mutations('kernel/source-routing', 'dnat-by-source', [
    ['rule of the source removed', { servers: { rpFilter: 0, routes: [] } }, 'reply-not-from-vip', 'client'],
  ]),
  ...mutations('failures/routes-that-drop', 'removed', [
    ['blackhole at the L3', node('l3', { routes: [{ to: 'web', type: 'blackhole' }] }), 'no-route', 'l3'],
    ['servers are unreachable for the L4', node('l4', { routes: [{ to: S1, type: 'unreachable' }] }), 'no-route', 'l4'],
    ['answers are prohibited', node('s1', { routes: [{ to: PROXY_IP, type: 'prohibit' }] }), 'no-route', 's1'],
  ]),
  ...mutations('kernel/settings-of-one-interface', 'strict-at-the-back', [
    ['strict at the front as well', { servers: { interfaces: { l2: { rpFilter: 1 } } } }, 'reverse-path'],
  ]),
  ...mutations('kernel/redirects', 'redirects-off', [
    [
      'redirects sent and believed',
      { servers: { acceptRedirects: true }, nodes: { l4: { sendRedirects: true } } },
      'redirected',
      's1',
    ],
  ]),
  ...mutations('basics/mtu', 'all-1500', [
    ['one byte less at the client', node('client', { mtu: 1499 }), 'too-big', 'client'],
    ['one byte less at the L3', node('l3', { interfaces: { l2: { mtu: 1499 } } }), 'too-big', 'l3'],
  ]),
  ...mutations('basics/mtu', 'l4-1300-clamped', [
    ['the L4 leaves the MSS', { services: { proxied: { mssClamp: null } } }, 'too-big', 'l4'],
    ['the L4 lowers the MSS too little', { services: { proxied: { mssClamp: 1400 } } }, 'too-big', 'l4'],
  ]),
  ...mutations('basics/mtu', 'all-9000', [
    ["the switch's port of s1 is narrow", node('l2', { interfaces: { s1: { mtu: 1500 } } }), 'too-big', 'l2'],
  ]),
  ...mutations('failures/static-neighbours', 'none', [
    ['the L3 has the MAC of s2 for the VIP', node('l3', { neighbours: { web: 's2' } }), 'stale-neighbour', 'l3'],
    ['the L4 has a MAC of nobody for s1', node('l4', { neighbours: { s1: NO_MAC } }), 'stale-neighbour', 'l4'],
    ['s1 has a MAC of nobody for the L4', node('s1', { neighbours: { [PROXY_IP]: NO_MAC } }), 'stale-neighbour', 's1'],
  ]),
  ...mutations('kernel/proxy-arp', 'wide-netmask-and-proxy-arp', [
    ['proxy_arp off', node('l3', { proxyArp: false }), 'no-neighbour', 'client'],
  ]),
  ...mutations('kernel/proxy-arp', 'proxy-arp-toward-the-client', [
    [
      'proxy_arp only toward the servers',
      node('l3', { interfaces: { client: { proxyArp: false }, l2: { proxyArp: true } } }),
      'no-neighbour',
      'client',
    ],
  ]),
  ...mutations('proxy-ip/l3-dsr', 'l3dsr', [
    ['servers do not know the DSCP value', { servers: { undoDscp: [] } }, 'reply-not-from-vip', 'client'],
    ['loopback VIP dropped', { servers: { loopback: [] } }, 'vip-not-on-server'],
  ]),
  ...mutations('ipv6/one-arm', 'ipip-over-ipv4', [
    ['gateway for the other family only', { servers: { gateway: '203.0.113.1' } }, 'no-route'],
    ['tunnel ends removed', { servers: { tunnelEnd: [] } }, 'no-tunnel-end'],
  ]),
  ...mutations('ipv6/one-arm', 'ipip-ipv4-over-ipv6', [
    ['loopback VIP dropped', { servers: { loopback: [] } }, 'vip-not-on-server'],
  ]),
  ...mutations('field-reports/too-big-at-another-l4', 'stateless', [
    [
      'each L4 keeps state',
      { servers: { loopback: [] }, services: { web: { mode: 'proxy', proxyIp: 'auto', scheduler: null } } },
      'too-big',
      'r',
    ],
    [
      'one of two equal routes to an address that nobody has',
      node('l3', { routes: [{ to: '192.0.2.80/32', via: ['l4a', '203.0.113.99'] }] }),
      'no-neighbour',
      'l3',
    ],
  ]),
  ...mutations('kernel/l4-as-gateway-in-dsr', 'accepts-local', [
    ['accept_local off', node('l4', { acceptLocal: false }), 'own-address-as-source', 'l4'],
  ]),
  ...mutations('field-reports/two-legs-to-one-router', 'gateway-at-the-leg-of-the-vip', [
    ['gateway of the L4 at the other leg', node('l4', { gateway: 'l3' }), 'reverse-path', 'l4'],
    ['second link cut', node('l4', { down: ['l3-2'] }), 'no-neighbour', 'l3'],
  ]),
  ...mutations('field-reports/two-legs-to-one-router', 'no-filter', [
    ['strict at the second leg', node('l4', { interfaces: { 'l3-2': { rpFilter: 1 } } }), 'reverse-path', 'l4'],
    ['first link cut', node('l3', { down: ['l4'] }), 'no-neighbour', 'l4'],
  ]),
  ...mutations('kernel/reverse-path', 'dsr-off', [
    ['rp_filter strict', { servers: { rpFilter: 1 } }, 'reverse-path'],
    ['loopback VIP dropped', { servers: { loopback: [] } }, 'vip-not-on-server'],
    ['back network of the L3 cut', node('l3', { down: ['l2-far'] }), 'no-neighbour'],
  ]),
  ...mutations('failures/health-check', 'all-up', [
    ['every listener stopped', { servers: { listeners: [] } }, 'no-server-available', 'l4'],
  ]),
  ...mutations('failures/filter', 'no-filter', [
    ['the L3 rejects TCP to port 80', filtered('l3', { reject: { protocol: 'tcp', port: 80 } }), 'filtered', 'l3'],
    ['the L4 drops what is too big', filtered('l4', { drop: { protocol: 'icmp', type: 'too-big' } }), 'filtered', 'l4'],
    ['the client drops what comes from the VIP', filtered('client', { drop: { from: 'web' } }), 'filtered', 'client'],
  ]),
  ...mutations('failures/filter', 'both-let-in', [
    [
      'checks not let in',
      { servers: { filter: [{ accept: { from: PROXY_IP } }, { drop: { protocol: 'tcp', port: 80, from: 'l4' } }] } },
      'no-server-available',
      'l4',
    ],
  ]),
  ...mutations('failures/filter', 'segments-made-smaller', [
    ['the L4 leaves the MSS', web({ mssClamp: null }), 'filtered', 's1'],
  ]),
  ...mutations('failures/udp-answers-from-elsewhere', 'from-the-vip', [
    [
      'answers of s1 from its own address',
      node('s1', { listeners: [{ listen: '53/udp', answersFrom: '203.0.113.11' }] }),
      'reply-not-from-vip',
      'client',
    ],
    [
      'answers of s1 from another port',
      node('s1', { listeners: [{ listen: '53/udp', answersFromPort: 54 }] }),
      'reply-not-from-vip',
      'client',
    ],
  ]),
  ...mutations('proxy-ip/ports', 'enough', [
    [
      'fewer ports',
      { services: { web: { proxyPorts: '40000-40003' }, names: { proxyPorts: '40000-40003' } } },
      'ports-exhausted',
      'l4',
    ],
  ]),
  ...mutations('failures/check-and-traffic', 'dsr-vip', [
    ['the own address checked', web({ check: { target: 'server' } }), 'vip-not-on-server', 's2'],
  ]),
  ...mutations('failures/check-and-traffic', 'served-port', [
    ['another port checked', web({ check: { port: 8080 } }), 'refused', 's2'],
  ]),
  ...mutations('failures/check-and-traffic', 'proxy-ip-as-source', [
    ['checked from another address', web({ check: { source: null } }), 'filtered', 's2'],
  ]),
  ...mutations('failures/check-and-traffic', 'checks-let-in', [
    ['checked from an address that is filtered', web({ check: { source: VIP } }), 'no-server-available', 'l4'],
  ]),
  ...mutations('failures/loop', 'balancer-on', [['load balancer off', node('l4', { lb: 'off' }), 'loop']]),
  ...mutations('basics/around-the-services', 'proxy', [
    ['listener of the client stopped', node('client', { listeners: [] }), 'refused', 'client'],
    ['cable of s2 cut', node('s2', { down: ['l2'] }), 'no-neighbour', 's1'],
  ]),
  ...mutations('basics/around-the-services', 'own-calls', [
    ['own calls of the L4 forgotten', web({ ownCalls: null }), 'refused', 'l4'],
  ]),
  ...mutations('basics/around-the-services', 'own-calls-dnat', [
    ['listener of s2 stopped', node('s2', { listeners: [] }), 'refused', 's2'],
    ['the L4 drops what comes back', filtered('l4', { drop: { from: S1 } }), 'filtered', 'l4'],
  ]),
  ...mutations('basics/l4-in-its-pool', 'proxy', [
    ['listener of the L4 stopped', node('l4', { listeners: [] }), 'refused', 'l4'],
    ['proxy IP removed', NO_PROXY_IP, 'reply-not-from-vip', 'client'],
    ['own calls of the L4 forgotten', web({ ownCalls: null }), 'answered-by-itself'],
  ]),
  ...mutations('basics/l4-in-its-pool', 'checked', [['check removed', web({ check: null }), 'refused', 'l4']]),
  ...mutations('profiles/clouds', 'aws-nlb-no-client-ip', [
    [
      'client IP preservation on',
      { services: { web: { like: 'aws-nlb' }, first: { like: 'aws-nlb' }, second: { like: 'aws-nlb' } } },
      'own-address-as-source',
      's1',
    ],
  ]),
  ...mutations('profiles/clouds', 'azure-lb', [
    ['gateway of s2 removed', node('s2', { gateway: 'none' }), 'no-route', 's2'],
  ]),
  ...mutations('profiles/appliances-and-nodes', 'f5-npath', [
    ['VIP not on the loopback', { servers: { loopback: [] } }, 'vip-not-on-server', 's1'],
  ]),
  ...mutations('profiles/appliances-and-nodes', 'kube-proxy-cluster', [
    ['what the node calls is not balanced', web({ ownCalls: false }), 'refused', 'l4'],
  ]),
  ...mutations('profiles/idle', 'aws-nlb', [
    ['dropped instead of reset', node('l4', { onIdle: 'silent' }), 'idle-expired', 'l4'],
  ]),
  ...mutations('field-reports/redirect-saves-it', 'accepts-redirects', [
    ['servers ignore redirects', { servers: { acceptRedirects: false } }, 'half-seen-by-firewall', 'l3'],
    ['router sends no redirects', node('l3', { sendRedirects: false }), 'half-seen-by-firewall', 'l3'],
  ]),
  ...mutations('proxy-ip/ipip', 'ipip', [
    ['no tunnel ends at the servers', { servers: { tunnelEnd: [] } }, 'no-tunnel-end'],
    ['no VIP on the servers', { servers: { loopback: [] } }, 'vip-not-on-server'],
    ['strict rp_filter at the servers', { servers: { rpFilter: 1 } }, 'reverse-path'],
    ['a router drops IP-in-IP', filtered('l3', { drop: { protocol: 'ipip' } }), 'filtered', 'l3'],
  ]),
  ...mutations('ipv6/one-arm', 'ipip-over-ipv4', [
    ['no tunnel ends at the servers', { servers: { tunnelEnd: [] } }, 'no-tunnel-end'],
    ['the servers have a gateway for IPv4 only', { servers: { gateway: '203.0.113.1' } }, 'no-route', 's1'],
  ]),
  ...mutations('ipv6/one-arm', 'ipip-ipv4-over-ipv6', [
    ['strict rp_filter at the servers', { servers: { rpFilter: 1 } }, 'reverse-path'],
    ['the servers have a gateway for IPv6 only', { servers: { gateway: '2001:db8:5::1' } }, 'no-route', 's1'],
  ]),
  ...mutations('field-reports/upload-through-a-tunnel', 'smaller-at-the-server', [
    ['MTU of the server as large as its link', node('s1', { mtu: 1500 }), 'too-big', 'tun'],
    ['DSCP value not undone', node('s1', { undoDscp: [] }), 'reply-not-from-vip', 'client'],
  ]),
  ...mutations('field-reports/answer-by-another-network', 'loose', [
    ['strict rp_filter at the firewall', node('fw', { rpFilter: 1 }), 'reverse-path', 'fw'],
    [
      'the same with empty neighbour tables',
      { neighbours: 'cold', ...node('fw', { rpFilter: 1 }) },
      'reverse-path',
      'fw',
    ],
  ]),
  ...mutations('field-reports/two-directors', 'both-answer', [
    ['both L4s off', { nodes: { n1: { lb: 'off' }, n2: { lb: 'off' } } }, 'no-neighbour', 'l3'],
  ]),
  ...mutations('time/failover', 'dsr', [
    ['no gratuitous ARP', { pairs: { edge: { gratuitousArp: false } } }, 'stale-neighbour', 'l3'],
    ['priorities swapped', { pairs: { edge: { priorities: [100, 150] } } }, 'not-crossed'],
    ['no preemption', { pairs: { edge: { preempt: false } } }, 'state-not-reached'],
    ['the backup has no link', node('l4b', { down: ['l2'] }), 'state-not-reached'],
  ]),
  ...mutations('time/failover', 'dnat', [
    ['gateway of the servers does not move along', { servers: { gateway: 'l4a' } }, 'stale-neighbour'],
  ]),
  ...mutations('time/connections-at-failover', 'dsr-maglev', [
    ['servers picked at random', web({ scheduler: 'random' }), 'connection-unknown'],
  ]),
  ...mutations('time/connections-at-failover', 'dnat-with-sync', [
    ['connections are not shared', { pairs: { edge: { sync: 'none' } } }, 'connection-unknown'],
  ]),
  ...mutations('time/server-dies', 'checked', [
    ['a check each minute', web({ check: { intervalMs: 60_000 } }), 'stale-neighbour', 'l4'],
  ]),
  ...mutations('time/drain', 'drained', [
    [
      'dead instead of draining',
      { steps: { 's1-drains': { do: { drain: null, kill: 's1' } }, 's1-is-back': null } },
      'stale-neighbour',
      'l4',
    ],
  ]),
  ...mutations('field-reports/segment-out-of-window', 'dnat-drops-invalid', [
    ['the L4 lets what is invalid through', node('l4', { firewall: 'none' }), 'out-of-window', 'l4'],
  ]),
  ...mutations('field-reports/segment-out-of-window', 'proxy-is-liberal', [
    ['the L4 is strict', node('l4', { sysctls: null }), 'out-of-window', 'l4'],
  ]),
  ...mutations('time/reload', 'killed', [
    [
      'stopped instead of killed',
      { steps: { killed: { do: { killLb: null, stopLb: 'l4' } } } },
      'stale-neighbour',
      'l3',
    ],
  ]),
  ...mutations('time/restart', 'dnat', [
    ['not started again', { steps: { started: { do: null }, restarted: null } }, 'stale-neighbour', 'l3'],
  ]),
  ...mutations('time/connections-forgotten', 'by-hash', [
    ['servers picked at random', web({ scheduler: 'random' }), 'connection-unknown'],
  ]),
  ...mutations('time/idle', 'remembered', [
    ['the router forgets', node('l3', { idleTimeoutMs: 1000 }), 'idle-expired', 'l3'],
  ]),
  ...mutations('time/server-moves', 'announced', [
    [
      'no announcement',
      { steps: { 's1-moves': { do: { change: { nodes: { s1: { down: ['l2b'] } } } } } } },
      'stale-mac',
      'l2b',
    ],
  ]),
  ...mutations('time/equal-routes', 'stateless', [
    ['servers picked at random', web({ scheduler: 'random' }), 'connection-unknown'],
  ]),
  ...mutations('time/stale-udp', 'forgotten', [
    [
      'connections are not forgotten',
      { steps: { 's1-dies': { do: [{ kill: 's1' }, { removeServer: { server: 's1' } }] } } },
      'stale-neighbour',
      'l4',
    ],
  ]),
  ...mutations('time/server-freezes', 'asks', [
    [
      'the check connects, and asks nothing',
      {
        services: { web: { check: { type: 'tcp' } } },
        steps: { 's1-freezes': { until: null, for: '1s' }, 's1-goes-on': null },
      },
      'no-response',
      's1',
    ],
  ]),
  ...mutations('time/server-taken-out', 'checked', [
    [
      'dead instead of failing its checks',
      { steps: { 's1-fails-checks': { do: { failChecks: null, kill: 's1' } }, 's1-passes-checks': null } },
      'stale-neighbour',
      'l4',
    ],
  ]),
  ...mutations('time/split-brain', 'same-network', [
    ['advertisements by a network that may be cut', { pairs: { edge: { subnet: '192.0.2.0/24' } } }, 'split-brain'],
  ]),
];
