import type { Cause } from '../terms/cause.ts';
import type { IcmpType } from '../terms/filter.ts';
import type { Hop } from '../terms/walk.ts';

/** Which packet of an exchange this is; UDP and ICMP know `request` and `reply` only. */
export type Step = 'syn' | 'syn-ack' | 'ack' | 'request' | 'reply' | 'reset' | 'error' | 'redirect';

/** An IP packet under way. Never changed in place: a flood makes copies that share their past. */
export interface Packet {
  /** The same for all copies of what was sent once. */
  id: number;
  step: Step;
  protocol: 'tcp' | 'udp' | 'icmp';
  src: string;
  dst: string;
  /** ICMP echo carries its id in both ports, as conntrack sees it. */
  srcPort: number;
  dstPort: number;
  ttl: number;
  /** Bytes of the IP packet, or of the first of the pieces that it was cut in. */
  size: number;
  /**
   * Who may cut it in pieces where it is too big: absent means its sender, who finds out the path MTU (RFC 1191), `nobody` not
   * even that, `anybody` a router of IPv4 as well.
   */
  cutBy?: 'nobody' | 'anybody';
  /** Opening of a TCP connection: the largest IP packet that the sender takes, bytes (its MSS and the headers). */
  takes?: number;
  /** TCP: its sequence number is beyond the window of who is to get it. */
  isOutOfWindow?: true;
  trace: Trace | null;
  /** What a load balancer in DSR mode did to it: last one wins. `l4` is null where its own routing sends it on (l3dsr). */
  dsr?: { l4: string | null; server: string };
  /** Names the VIP that an l3dsr server is to put back. */
  dscp?: number;
  /** Why it is where it should not be: this is to blame when it dies, however it dies. */
  blame?: Cause;
  /** Switch that forwarded it by a MAC table entry that had moved, or that was right until the wires were others. */
  misdirected?: { bridge: string; mac: string; port: string; isOutdated: boolean };
  /** An answer that does not come from the address that was asked: that address. */
  asked?: string;
  /** ICMP errors and redirects: the packet they quote. */
  about?: Packet;
  /** ICMP errors: what they say. */
  says?: IcmpType;
  /** ICMP error about a packet that was too big: what would fit, bytes. */
  mtu?: number;
  /** ICMP redirect: who sends it, and the better gateway. */
  redirect?: { router: string; gateway: string };
}

/** The hops of one packet, newest first: a linked list, so that the copies of a flood share it. */
export interface Trace {
  hop: Omit<Hop, 'changed'>;
  before: Trace | null;
}

/** A frame with an IP packet or an ARP message (RFC 826); neighbour discovery is told as ARP too. */
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
  /** Reply: whether who answers has the address itself, and does not answer for somebody else. */
  isOwn?: boolean;
  senderMac: string;
  senderIp: string;
  targetIp: string;
}

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Steps that the caller sends; the others are answers. */
export function isRequest(step: Step): boolean {
  return step === 'syn' || step === 'ack' || step === 'request';
}
