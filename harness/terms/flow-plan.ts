import type { Expectation } from './expectation.ts';
import type { Mode } from './mode.ts';
import type { ProfileName } from './profile-name.ts';

export type FlowProtocol = 'http' | 'tcp' | 'udp' | 'icmp';

/** A service as flows and reports see it; the load balancer's configuration is in `NodePlan.balancer`. */
export interface ServicePlan {
  name: string;
  vip: string;
  port: number;
  protocol: 'tcp' | 'udp';
  mode: Mode;
  /** Its profile; absent if it has none. */
  like?: ProfileName;
  /** Names of server nodes with the address and port the L4 sends to. */
  pool: { node: string; address: string; port: number }[];
  /** The L4 nodes that balance it, each of which has all of the pool. */
  l4s: ServiceL4[];
}

interface ServiceL4 {
  node: string;
  /** Source addresses that it may use toward servers (proxy mode); empty in the other modes. */
  proxyIps: string[];
}

export interface FlowPlan {
  name: string;
  from: string;
  /** Address of the caller that its kernel would choose toward the destination. */
  source: string;
  /** A service or a node. */
  to: { service: string } | { node: string };
  address: string;
  protocol: FlowProtocol;
  /** 0 for ICMP. */
  port: number;
  repeat: number;
  /** The caller's port; absent if each attempt has its own. */
  sourcePort?: number;
  /** Extra payload in each direction, bytes; absent means none. ICMP: the whole payload; absent or 0 means 56. */
  bytes?: number;
  /** The same for requests or replies only, instead of `bytes`. */
  requestBytes?: number;
  replyBytes?: number;
  /** Requests on one connection (tcp) or datagrams of one socket (udp); absent means 1. */
  exchanges?: number;
  /** ICMP: true if not even the sender may fragment a request. */
  dontFragment?: true;
  /** TCP: the end whose first data is sent once with a sequence number beyond the other's window; absent means neither. */
  outOfWindow?: 'client' | 'server';
  /** The flow whose state it starts from; absent if it starts from a clean state. */
  after?: string;
  /** It calls a name, about which it asks first; `to`, `address` and `source` are those of its first address, if any. */
  byName?: ByName;
  /** It is such a question itself, and nothing else. No flow of a scenario is one. */
  question?: DnsQuestion;
  expect: Expectation;
  /** Where the flow is declared. */
  at: SourcePosition;
}

/** What a caller asks a DNS server, and whom it may call then. */
export interface ByName extends DnsQuestion {
  /** The node that answers, its address, and that from which the caller asks. */
  server: string;
  address: string;
  source: string;
  /** One for each address of the name, in the order of its records. */
  calls: Pick<FlowPlan, 'to' | 'address' | 'source'>[];
  /** An earlier answer that it uses instead of asking; absent if it has none that is younger than the TTL. */
  cached?: CachedAnswer;
}

interface CachedAnswer {
  address: string;
  /** Seconds. */
  ageS: number;
  ttlS: number;
}

/** A question to a DNS server: about addresses of IPv4 or of IPv6. */
export interface DnsQuestion {
  name: string;
  type: 'A' | 'AAAA';
}

export interface SourcePosition {
  file: string;
  line: number;
  col: number;
}
