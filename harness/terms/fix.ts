import type { DeadEnd } from './dead-end.ts';
import type { MessageOf } from './message.ts';
import type { ProfileName } from './profile-name.ts';

/** A change to a scenario that may make a flow work. */
export type Fix = MessageOf<Fixes>;

export interface Fixes {
  'interfaces-up': { node: string };
  'forwarding-on': { node: string };
  'rp-filter-off': { node: string };
  'accept-local': { node: string };
  'vip-off-loopback': { node: string; vip: string };
  /** A switch's port toward `port`. */
  'allow-vlan': { node: string; port: string; vlan: number };
  'port-in-vlan': { node: string; port: string; vlan: number };
  'native-vlan': { node: string; port: string; vlan: number };
  'without-native-vlan': { node: string; port: string; vlan: number };
  'smaller-mtu': { node: string; mtu: number };
  /** Bytes, or derived from the load balancer's own routes. */
  'clamp-mss': { service: string; mss: number | 'auto' };
  /** `to`: CIDR; `via`: address of the router. */
  route: { nodes: string[]; to: string; via: string };
  /** Removes a route that drops packets. `to`: CIDR. */
  'without-dead-end': { node: string; to: string; type: DeadEnd };
  /** Removes a static entry of its neighbour table. */
  'without-neighbour': { node: string; address: string };
  /** `from`: CIDR; `via`: address of the router. */
  'source-route': { nodes: string[]; from: string; via: string };
  /** The address of the outgoing interface. */
  'proxy-ip-auto': { service: string };
  /** A range, `40000-40099`, instead of a smaller one. */
  'more-proxy-ports': { service: string; ports: string };
  'all-proxy-ports': { service: string };
  /** Services in mode `route`, with the same next hops in the same order. */
  'symmetric-hash': { source: string; destination: string };
  'firewall-off': { node: string };
  /** A stateful firewall, which drops segments out of the window. */
  'drop-invalid': { node: string };
  /** Conntrack accepts segments out of the window for the connection. */
  'liberal-tracking': { node: string };
  'nat-off': { node: string };
  'nat-masquerade': { node: string };
  'hold-address': { node: string; address: string };
  /** Removes a rule of their filters. */
  'without-rule': { nodes: string[]; rule: string };
  'accept-redirects-off': { node: string };
  'node-gateway': { node: string; gateway: string };
  'widen-mtu': { mtu: number };
  'balancer-on': { node: string };
  'disown-vip': { node: string };
  'send-redirects-off': { node: string };
  'rewrite-source-mac': { node: string };
  /** At each server, instead of the server's own address. */
  'check-vip': { service: string };
  /** Instead of another port. */
  'check-served-port': { service: string };
  'check-source': { service: string; source: string };
  /** The address of the outgoing interface. */
  'check-source-auto': { service: string };
  'answer-from-asked': { nodes: string[] };
  /** The VIP of a service in answers about a name. */
  'add-record': { name: string; service: string };
  'shorter-ttl': { name: string; seconds: number };
  /** Answers omit services without a healthy server. */
  'only-healthy': { name: string };
  listen: { nodes: string[]; port: number; protocol: string };
  'vip-on-loopback': { service: string };
  /** On the servers. */
  'tunnel-end': { service: string };
  'quiet-loopback': { arpIgnore: number; arpAnnounce: number };
  'servers-gateway': { gateway: string };
  /** The L4's own calls. */
  'own-calls': { service: string };
  'use-proxy': { service: string };
  'use-dsr': { service: string };
  /** Another profile of the same product. */
  'use-profile': { service: string; profile: ProfileName };
  /** Fixes for streams and steps. */
  'gratuitous-arp-on': { pair: string };
  'preempt-on': { pair: string };
  'share-connections': { pair: string };
  'use-maglev': { service: string };
  'check-on': { service: string; intervalMs: number };
  'neighbour-age': { node: string; ms: number };
  'mac-age': { node: string; ms: number };
  'idle-timeout': { node: string; ms: number };
}
