import type { DeadEnd } from './dead-end.ts';
import type { MessageOf } from './message.ts';
import type { OtherPort } from './reply-port.ts';

/** Causes of failed flows: a closed list. Their texts are in reports/messages, in every language. */
export const CAUSES = [
  'reply-not-from-vip',
  'vip-not-on-server',
  'no-tunnel-end',
  'server-not-adjacent',
  'own-address-as-source',
  'reverse-path',
  'half-seen-by-firewall',
  'out-of-window',
  'mac-moved',
  'redirected',
  'no-route',
  'not-forwarding',
  'no-neighbour',
  'vlan-mismatch',
  'refused',
  'no-server-available',
  'no-address',
  'stale-answer',
  'ports-exhausted',
  'loop',
  'too-big',
  'filtered',
  'stale-neighbour',
  'stale-mac',
  'connection-unknown',
  'idle-expired',
  'split-brain',
  'no-response',
  'unexplained',
] as const;

/** Stable code of a cause. */
export type CauseCode = (typeof CAUSES)[number];

interface CalledFromCache {
  name: string;
  address: string;
  addresses: string[];
  ageS: number;
  ttlS: number;
}

/** What happened to the packet of a failed flow, by code: model and judge use the same code for the same event. */
export interface CauseDetails {
  'route-missing': At & { address: string };
  /** The route to `to` (CIDR) drops packets. */
  'dead-end': At & { address: string; to: string; type: DeadEnd };
  'arp-unanswered': At & { address: string };
  /** The owner of the address, `node`, dropped the ARP request of `asker`, because it did not accept its source. */
  'arp-request-dropped': At & { address: string; asker: string; source: string };
  /** ICMP host unreachable: the next hop, `hop`, did not answer ARP. */
  'host-unreachable': At & { address: string; hop: string };
  /** The link to `peer` (`l2-2` for a second link to l2), on the path to the address, is down. */
  'peer-down': At & { address: string; peer: string };
  /** A switch's port toward `port` does not allow the VLAN in which `asker` asked for the address. */
  'vlan-not-carried': At & { address: string; asker: string; port: string; vlan: number };
  /** The port toward `port` is a trunk without a native VLAN, but the node behind it sends untagged frames. */
  'untagged-not-carried': At & { address: string; asker: string; port: string };
  /** The access port toward `port` is in one VLAN, but the request of `asker` came in another one, `other`. */
  'vlans-differ': At & { address: string; asker: string; port: string; vlan: number; other: number };
  /** `asker` sent its request in VLAN `other`, but `node` has the address in `vlan`; it is in both. */
  'address-in-other-vlan': At & { address: string; asker: string; vlan: number; other: number };
  /** Untagged frames leave the switch `port` in its VLAN `other`, and are in `vlan` from here on. */
  'native-vlans-differ': At & { address: string; asker: string; port: string; vlan: number; other: number };
  /**
   * Frames of the native VLAN of the port toward `port` came with a tag. `other`: native VLAN of `port`; null if it has none,
   * or is no switch.
   */
  'native-vlan-tagged': At & { address: string; asker: string; port: string; vlan: number; other: number | null };
  'server-off-segment': At & { address: string };
  'listener-missing': At & { address: string; port: number; protocol: string };
  /** The caller has the VIP on its own loopback: the call never left it, and nothing listens there. */
  'called-itself': At & { address: string; port: number; protocol: string };
  'pool-down': At & { service: string };
  'refused-although-healthy': At & { service: string };
  /** The DNS server `node` knows the name but has no address for it. */
  'name-without-address': At & { name: string };
  /** It has records, but none for this caller with a healthy server; `source` is the caller, as the DNS server saw it. */
  'no-record-left': At & { name: string; source: string };
  /**
   * `node` called the address of an earlier answer, `ageS` seconds old and younger than its TTL, and failed for the cause `met`
   * at `metAt`; a new query returns `addresses`.
   */
  'answer-outdated': At & CalledFromCache & { met: CauseCode; metAt: string };
  'reply-from-elsewhere': At & { called: string; source: string; owner: string | null } & OtherPort;
  /** The caller's router, which had replaced the caller's address with `address`, got the reply from another address. */
  'reply-not-translated': At & { called: string; source: string; owner: string | null; address: string } & OtherPort;
  'vip-missing': At & { vip: string };
  /** No tunnel ends at `address`: the tunnelled packet was not unpacked. */
  'tunnel-end-missing': At & { address: string };
  'own-source': At & { source: string };
  'reverse-path-fails': At & { source: string; iface: string };
  'half-seen': At & { source: string; destination: string };
  /** A segment out of the window: `node` did not match it to the connection, and left it untranslated. */
  'segment-not-translated': At & { source: string; destination: string };
  'mac-on-wrong-port': At & { owner: string; port: string; address: string };
  'redirect-followed': At & { router: string; address: string; gateway: string };
  'forwarding-off': At & { address: string };
  /** `ports`: the range of the proxy IPs, `40000-40099`; null if all ports are allowed. */
  'ports-used-up': At & { service: string; proxyIps: string[]; ports: string | null };
  'ttl-expired': At & { address: string };
  /**
   * Reported by a router or by the caller's system. `mtu`: bytes; null if the ICMP error has none, or the caller
   * reports it.
   */
  'exceeds-mtu': At & { address: string; mtu: number | null };
  /** Dropped by an interface without a report. Bytes. */
  'exceeds-interface': At & { address: string; iface: string; size: number; mtu: number };
  /** Not by a rule of the lab. */
  'rejected-by-rule': At & { address: string };
  /** A rule of the node's filter, the `number`-th, counted from 1; `address`: destination of the packet. */
  'filter-matched': At & { address: string; number: number; rule: string };
  /** The same for the ICMP error that reports a packet that is too big. */
  'too-big-unheard': At & { address: string; number: number; rule: string };
  /** `node` sends to a MAC whose node no longer has the address, or is gone; `holder` has it. */
  'neighbour-outdated': At & { address: string; mac: string; owner: string | null; holder: string | null };
  /** The same because of a static entry. */
  'neighbour-static': At & { address: string; mac: string; owner: string | null; holder: string | null };
  /** The switch `node` sends frames for the MAC of `owner` out of a port that no longer leads there. */
  'port-outdated': At & { owner: string; port: string; address: string };
  /** A segment of an established connection reached a node without state for it: refused, or dropped silently. */
  'state-missing': At & { source: string; destination: string };
  /** The state is outdated, because the connection continued through `other`: TCP acknowledges data that was not seen. */
  'state-outdated': At & { source: string; destination: string; other: string };
  /** The state expired without traffic. `idleMs`: the timeout of the node. */
  'state-expired': At & { source: string; destination: string; idleMs: number };
  /** Several members of a pair hold the address at the same time. */
  'two-masters': At & { address: string; masters: string[] };
  /** The node's kernel acknowledged the request, but its program never answered. */
  'response-missing': At & { address: string };
  /** The packet arrived on `iface`. */
  'counter-rose': At & { address: string; iface: string; counter: string };
  'lost-on-wire': At & { address: string };
  /** The frame reached no node with its MAC. */
  'frame-unclaimed': At & { address: string };
  'reply-missing': At & { address: string };
  'never-ends': At & { address: string };
  'nothing-fits': At & { client: ClientOutcome };
}

/** Where it happened: `node` of the cause. */
interface At {
  node: string;
}

export type CauseDetail = MessageOf<CauseDetails>;

/** Outcome for the caller: the HTTP status, an error code of its socket, or one of these. */
export type ClientOutcome =
  '200' | 'answered' | 'no-answer' | 'timeout' | 'closed' | 'wrong-answer' | 'ttl-exceeded' | `E${string}`;

/** Why a flow failed, and where. */
export interface Cause {
  code: CauseCode;
  /** Node that dropped or rejected the packet. */
  node: string;
  /** What happened there, with the addresses of this flow. */
  detail: CauseDetail;
}

/** A cause at the node that its detail names. */
export function cause<C extends keyof CauseDetails>(code: CauseCode, detail: C, params: CauseDetails[C]): Cause {
  return { code, node: params.node, detail: { code: detail, params } as CauseDetail };
}

export type Place = Pick<Cause, 'code' | 'node'>;
