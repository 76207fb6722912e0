/** What a rule does with matching packets. */
export const FILTER_ACTIONS = ['accept', 'drop', 'reject'] as const;
export type FilterAction = (typeof FILTER_ACTIONS)[number];

/** Protocols that rules can match; `icmp` means ICMP and ICMPv6, `ipip` a packet that carries another IP packet. */
export const FILTER_PROTOCOLS = ['tcp', 'udp', 'icmp', 'ipip'] as const;
type FilterProtocol = (typeof FILTER_PROTOCOLS)[number];

/** ICMP messages that rules can match: each exists in both families, with different numbers. */
export const ICMP_TYPES = [
  'echo-request',
  'echo-reply',
  'unreachable',
  'too-big',
  'time-exceeded',
  'redirect',
] as const;
export type IcmpType = (typeof ICMP_TYPES)[number];

/** A rule of a node's packet filter; absent fields match anything. */
export interface FilterRule {
  action: FilterAction;
  protocol?: FilterProtocol;
  /** Destination port, of tcp or udp. */
  port?: number;
  /** Of icmp. */
  type?: IcmpType;
  /** Networks (CIDR) of the source; one must match. */
  from?: string[];
  /** The same for the destination. */
  to?: string[];
  /** Text for messages: `drop icmp too-big`. */
  text: string;
}

/** Fields of a packet that a filter can match. */
export interface FilteredPacket {
  protocol: FilterProtocol;
  src: string;
  dst: string;
  /** Null for ICMP and for ipip. */
  dstPort: number | null;
  /** Null for other protocols, and for messages that rules cannot match. */
  type: IcmpType | null;
}

/** The first matching rule, and its number from 1. */
export interface FilterMatch {
  rule: FilterRule;
  number: number;
}
