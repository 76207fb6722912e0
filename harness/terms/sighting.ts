/** One frame as one interface saw it: what captures are made of, decoded. */
export interface Sighting {
  /** Nanoseconds of the kernel's wall clock; below 2^53 after subtraction of the flow's start, a string of digits on the wire. */
  time: number;
  node: string;
  iface: string;
  /** `out` when the node sent it. */
  direction: 'in' | 'out';
  frame: Frame;
  /** First bytes of the frame in base64; only where the flow's verdict is `fail`, for its capture file. */
  raw?: string;
}

/** A decoded Ethernet frame; only what walks and causes need. */
export interface Frame {
  srcMac: string;
  dstMac: string;
  /** Bytes on the wire. */
  length: number;
  arp?: Arp;
  ip?: Ip;
  tcp?: Tcp;
  udp?: { srcPort: number; dstPort: number };
  icmp?: Icmp;
  /** Token of a flow found in the payload. */
  token?: string;
}

/** ARP, or neighbour discovery of IPv6, which is told as ARP too. */
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
  /** Sender's clock when it sent this (TSval of RFC 7323); absent where the segment has none. */
  timestamp?: number;
}

export interface Icmp {
  /** Number of RFC 792, for ICMPv6 too (1 → 3, 3 → 11, 128 → 8, 129 → 0, 137 → 5); an ICMPv6 type that IPv4 lacks is 256 + its own. */
  type: number;
  /** Code of RFC 792 and 1812, for ICMPv6's unreachable too. */
  code: number;
  /** Echo id and sequence number; 0 for other types. */
  id: number;
  seq: number;
  /** Redirect: the gateway it names. */
  gateway?: string;
  /** Fragmentation needed: the MTU it names. */
  mtu?: number;
  /** Errors: the packet they complain about; of an echo, its id in place of both ports. */
  inner?: { src: string; dst: string; protocol: number; srcPort: number; dstPort: number };
}
