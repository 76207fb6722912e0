import type { Cause } from './cause.ts';
import type { Finding } from './finding.ts';

/** One crossing of one interface by a flow's packet. */
export interface Hop {
  node: string;
  /** Interface (named after the peer), or `lo`. */
  iface: string;
  direction: 'in' | 'out';
  src: HopAddress;
  dst: HopAddress;
  ttl: number;
  /** The packet inside a tunnel packet: addresses and TTL above belong to the outer header. */
  inside?: { src: string; dst: string; ttl: number };
  /** SYN and SYN-ACK: the largest segment that the sender accepts (MSS), bytes. Only if a load balancer may change it. */
  mss?: number;
  /** Changes by this node, or by the link before it, since the previous hop. */
  changed: Change[];
  /** Nanoseconds since the flow's first packet; only on observed hops. */
  time?: number;
}

export interface HopAddress {
  mac: string;
  ip: string;
  /** Null for ICMP, and for packets that carry another one. */
  port: number | null;
}

export interface Change {
  field: 'src mac' | 'dst mac' | 'src ip' | 'dst ip' | 'src port' | 'dst port' | 'ttl' | 'mss' | 'carries';
  from: string;
  to: string;
}

/** The hops of a flow's first packet and of its first reply. */
export interface Walk {
  request: Hop[];
  reply: Hop[];
  /** The preceding DNS query if the flow calls a name; without an answer nothing is called. */
  question?: Question;
}

/** The hops of a DNS query and of its answer. */
export interface Question extends Pick<Walk, 'request' | 'reply'> {
  name: string;
  /** The DNS server. */
  server: string;
  /** Addresses in the order of the answer; the first is called. Empty without an answer, or if the name has none. */
  addresses: string[];
  /** Age of the cached answer, seconds; absent if the caller asks. */
  ageS?: number;
}

/** Prediction of one flow, for one choice of server. */
export interface Prediction extends Walk {
  /** The L4 that picks the server; null if the flow reaches none. */
  l4: string | null;
  /** Server that the L4 picks in this alternative; null if the flow reaches no L4. */
  picked: string | null;
  outcome: 'works' | 'fails';
  cause: Cause | null;
  /** Node whose listener answered, or null. */
  servedBy: string | null;
  /** Source address as the serving node sees it. */
  sourceSeen: string | null;
  findings: Finding[];
}
