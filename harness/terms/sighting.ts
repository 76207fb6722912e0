/** One frame at one interface, decoded from a capture. */
export interface Sighting {
  /** Nanoseconds of the kernel's wall clock; below 2^53 after subtraction of the flow's start, a string of digits in messages. */
  time: number;
  node: string;
  iface: string;
  /** `out` when the node sent it. */
  direction: 'in' | 'out';
  frame: Frame;
  /** First bytes of the frame in base64; only if the flow's verdict is `fail`, for its capture file. */
  raw?: string;
}

/** A decoded Ethernet frame; only what walks and causes need. */
export interface Frame {
  srcMac: string;
  dstMac: string;
  /** Bytes on the wire. */
  length: number;
  arp?: Arp;
  /** The outer header if the packet carries another one, `inside`; TCP, UDP and ICMP then belong to the inner one. */
  ip?: Ip;
  inside?: Ip;
  tcp?: Tcp;
  udp?: { srcPort: number; dstPort: number };
  icmp?: Icmp;
  /** Token of a flow found in the payload. */
  token?: string;
}

/** ARP, or IPv6 neighbour discovery, which is also represented as ARP. */
export interface Arp {
  op: 'request' | 'reply';
  senderMac: string;
  senderIp: string;
  targetIp: string;
}

export interface Ip {
  version: 4 | 6;
  src: string;
  dst: string;
  ttl: number;
  /** IANA protocol number. */
  protocol: number;
  id: number;
  dscp: number;
}

export interface Tcp {
  srcPort: number;
  dstPort: number;
  seq: number;
  ack: number;
  /** Letters of tcpdump: S, A, F, R, P. */
  flags: string;
  payloadLength: number;
  /** Sender's clock (TSval of RFC 7323); absent without timestamps. */
  timestamp?: number;
  /** SYN and SYN-ACK: the largest segment that the sender accepts (MSS), bytes. */
  mss?: number;
}

/** A packet that an ICMP error quotes. */
interface Quoted {
  src: string;
  dst: string;
  protocol: number;
  srcPort: number;
  dstPort: number;
}

export interface Icmp {
  /** Number of RFC 792, for ICMPv6 too (1 → 3, 3 → 11, 128 → 8, 129 → 0, 137 → 5); an ICMPv6 type that IPv4 lacks is 256 + its own. */
  type: number;
  /** Code of RFC 792 and 1812, for ICMPv6's unreachable too. */
  code: number;
  /** Echo id and sequence number; 0 for other types. */
  id: number;
  seq: number;
  /** Redirect: the gateway. */
  gateway?: string;
  /** Fragmentation needed: the MTU. */
  mtu?: number;
  /** Errors: the quoted packet; for an echo, its id instead of both ports. */
  inner?: Quoted & {
    /** The inner packet, if the quoted packet carries one; the ports are then those of the inner packet. */
    inside?: Pick<Quoted, 'src' | 'dst' | 'protocol'>;
  };
}
