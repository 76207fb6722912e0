import type { Expectation } from './expectation.ts';
import type { Mode } from './mode.ts';
import type { ProfileName } from './profile-name.ts';

export type FlowProtocol = 'http' | 'tcp' | 'udp' | 'icmp';

/** A service as needed by flows and reports; the load balancer's configuration is in `NodePlan.balancer`. */
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
  /**
   * It calls a name and asks a DNS server first; `to`, `address` and `source` are those of the name's first address, if
   * any.
   */
  byName?: ByName;
  /** It is only a DNS query. No flow of a scenario is one. */
  question?: DnsQuestion;
  expect: Expectation;
  /** Where the flow is declared. */
  at: SourcePosition;
}

/** A caller's DNS query, and the calls that may follow. */
export interface ByName extends DnsQuestion {
  /** The DNS server, its address, and the caller's source address for the query. */
  server: string;
  address: string;
  source: string;
  /** One for each address of the name, in order of its records. */
  calls: Pick<FlowPlan, 'to' | 'address' | 'source'>[];
  /** A cached answer that it uses instead of asking; absent without one that is younger than the TTL. */
  cached?: CachedAnswer;
}

interface CachedAnswer {
  address: string;
  /** Seconds. */
  ageS: number;
  ttlS: number;
}

/** A DNS query for IPv4 or IPv6 addresses. */
export interface DnsQuestion {
  name: string;
  type: 'A' | 'AAAA';
}

export interface SourcePosition {
  file: string;
  line: number;
  col: number;
}
