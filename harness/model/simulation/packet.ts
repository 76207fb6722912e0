import type { Cause } from '../../terms/cause.ts';
import type { IcmpType } from '../../terms/filter.ts';
import type { Hop } from '../../terms/walk.ts';

/** The role of a packet in an exchange; UDP and ICMP only have `request` and `reply`. */
export type Step = 'syn' | 'syn-ack' | 'ack' | 'request' | 'reply' | 'reset' | 'error' | 'redirect';

/** An IP packet in flight. Immutable: a switch floods copies, which share their trace. */
export interface Packet {
  /** Equal for all copies of one transmission. */
  id: number;
  step: Step;
  protocol: 'tcp' | 'udp' | 'icmp';
  src: string;
  dst: string;
  /** For ICMP echo both ports are the id, as in conntrack. */
  srcPort: number;
  dstPort: number;
  ttl: number;
  /** Bytes of the IP packet, or of its first fragment. */
  size: number;
  /**
   * Who may fragment it: absent means its sender, which discovers the path MTU (RFC 1191); `nobody`: not even the sender;
   * `anybody`: IPv4 routers too.
   */
  fragmentableBy?: 'nobody' | 'anybody';
  /** Opening of a TCP connection: the largest IP packet that the sender accepts, bytes (its MSS plus headers). */
  maxAccepted?: number;
  /** TCP: its sequence number is beyond the window of its receiver. */
  isOutOfWindow?: true;
  trace: Trace | null;
  /** Forwarding by a load balancer in DSR mode: the last one counts. `l4` is null if the node's own routing forwards it (l3dsr). */
  dsr?: { l4: string | null; server: string };
  /** Identifies the VIP that an l3dsr server restores. */
  dscp?: number;
  /** ipip: the server into whose tunnel a load balancer sends it; absent after encapsulation. */
  tunnel?: string;
  /** Rejected before routing: IPv4 does not look whether the destination is the node's own (icmp_send). */
  isUnrouted?: true;
  /** The inner packet of a tunnelled packet (RFC 2003, 2473), without trace. The other fields describe the outer packet. */
  inside?: Packet;
  /** Why it is in the wrong place: this is the cause of its loss, however it is lost. */
  knownCause?: Cause;
  /** Switch that forwarded it by an outdated MAC table entry. */
  misdirected?: { bridge: string; mac: string; port: string; isOutdated: boolean };
  /** The called socket, if this reply comes from another one. */
  asked?: { address: string; port: number };
  /** ICMP errors and redirects: the packet they quote. */
  about?: Packet;
  /** ICMP errors: the message. */
  icmpType?: IcmpType;
  /** ICMP error 'too big': the MTU that would fit, bytes. */
  mtu?: number;
  /** ICMP redirect: its sender, and the better gateway. */
  redirect?: { router: string; gateway: string };
}

/** The hops of one packet, newest first: a linked list, so that the copies of a flood share it. */
export interface Trace {
  hop: Omit<Hop, 'changed'>;
  before: Trace | null;
}

/** A frame with an IP packet or an ARP message (RFC 826); neighbour discovery is represented as ARP too. */
export type Frame = IpFrame | ArpFrame;

export interface IpFrame {
  srcMac: string;
  dstMac: string;
  packet: Packet;
}

export interface ArpFrame {
  srcMac: string;
  dstMac: string;
  arp: Arp;
}

export interface Arp {
  op: 'request' | 'reply';
  /** Reply: whether the answering node has the address itself, instead of answering for another node. */
  isOwn?: boolean;
  senderMac: string;
  senderIp: string;
  targetIp: string;
}

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Steps that the caller sends; the others are replies. */
export function isRequest(step: Step): boolean {
  return step === 'syn' || step === 'ack' || step === 'request';
}

/** A packet that a wrong neighbour forwarded to the right place: that neighbour did no harm. */
export function backOnPath(packet: Packet): Packet {
  if (packet.knownCause?.code !== 'stale-neighbour') return packet;
  const harmless = { ...packet };
  delete harmless.knownCause;
  return harmless;
}
