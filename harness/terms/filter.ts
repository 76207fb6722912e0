/** What a rule does with a packet that it matches. */
export const FILTER_ACTIONS = ['accept', 'drop', 'reject'] as const;
export type FilterAction = (typeof FILTER_ACTIONS)[number];

/** Protocols that rules tell apart; `icmp` is that of either family, `ipip` what carries another IP packet. */
export const FILTER_PROTOCOLS = ['tcp', 'udp', 'icmp', 'ipip'] as const;
type FilterProtocol = (typeof FILTER_PROTOCOLS)[number];

/** ICMP messages that rules tell apart: each is in both families, by other numbers. */
export const ICMP_TYPES = [
  'echo-request',
  'echo-reply',
  'unreachable',
  'too-big',
  'time-exceeded',
  'redirect',
] as const;
export type IcmpType = (typeof ICMP_TYPES)[number];

/** A rule of a node's packet filter; what it leaves out matches anything. */
export interface FilterRule {
  action: FilterAction;
  protocol?: FilterProtocol;
  /** Destination port, of tcp or udp. */
  port?: number;
  /** Of icmp. */
  type?: IcmpType;
  /** Networks (CIDR), one of which has the source. */
  from?: string[];
  /** The same for the destination. */
  to?: string[];
  /** As messages name it: `drop icmp too-big`. */
  text: string;
}

/** What a filter looks at of a packet. */
export interface FilteredPacket {
  protocol: FilterProtocol;
  src: string;
  dst: string;
  /** Null for ICMP and for ipip. */
  dstPort: number | null;
  /** Null for other protocols, and for messages that no rule names. */
  type: IcmpType | null;
}

/** The first rule that matches, and its number, counted from 1. */
export interface FilterMatch {
  rule: FilterRule;
  number: number;
}
