import { Address6 } from 'ip-address';
import type { Arp, Frame, Icmp, Ip, Tcp } from '../terms/sighting.ts';

const TOKEN = /l4lab-[0-9a-z]{8}/;

const mac = speller(6, (octets) => octets.toString('hex').replace(/..(?=.)/g, '$&:'));
const v4 = speller(4, (octets) => octets.join('.'));
const v6 = speller(16, (octets) => Address6.fromUnsignedByteArray([...octets]).correctForm());

/** Memoizes the formatting of addresses: a lab has few, and every packet contains four. */
function speller(length: number, spell: (octets: Buffer) => string): (bytes: Buffer, offset: number) => string {
  const known = new Map<string, string>();
  return (bytes, offset) => {
    const octets = bytes.subarray(offset, offset + length);
    const key = octets.toString('latin1');
    const text = known.get(key) ?? spell(octets);
    known.set(key, text);
    return text;
  };
}

/**
 * Decodes the first bytes of an Ethernet frame; omits truncated and unknown parts. Formats: IEEE 802.3, RFC 826, 791,
 * 8200, 9293, 7323, 768, 792, 4443.
 * @param length bytes on the wire
 */
export function decodeFrame(bytes: Buffer, length: number): Frame {
  const frame: Frame = { srcMac: mac(bytes, 6), dstMac: mac(bytes, 0), length };
  if (bytes.length < 14) return frame;
  const type = bytes.readUInt16BE(12);
  const body = bytes.subarray(14);
  if (type === 0x0806 && body.length >= 28) frame.arp = arp(body);
  if (type === 0x0800 && body.length >= 20) ipv4(body, frame);
  if (type === 0x86dd && body.length >= 40) ipv6(body, frame);
  const token = TOKEN.exec(body.toString('latin1'))?.[0];
  if (token !== undefined && frame.ip) frame.token = token;
  return frame;
}

function arp(body: Buffer): Arp {
  return {
    op: body.readUInt16BE(6) === 1 ? 'request' : 'reply',
    senderMac: mac(body, 8),
    senderIp: v4(body, 14),
    targetIp: v4(body, 24),
  };
}

function ipv4(body: Buffer, frame: Frame): void {
  const headerLength = (body[0]! & 15) * 4;
  const ip: Ip = {
    version: 4,
    src: v4(body, 12),
    dst: v4(body, 16),
    ttl: body[8]!,
    protocol: body[9]!,
    id: body.readUInt16BE(4),
    dscp: body[1]! >> 2,
  };
  frame.ip = ip;
  const isFirstFragment = (body.readUInt16BE(6) & 0x1fff) === 0;
  const payloadLength = body.readUInt16BE(2) - headerLength;
  if (isFirstFragment) payload(ip.protocol, body.subarray(headerLength), payloadLength, frame);
}

/** Payload of an IP packet: another packet (RFC 2003, 2473), or a transport protocol. */
function payload(protocol: number, body: Buffer, length: number, frame: Frame): void {
  const isPacket = (protocol === 4 && body.length >= 20) || (protocol === 41 && body.length >= 40);
  if (!isPacket) {
    transport(protocol, body, length, frame);
    return;
  }
  const carried: Frame = { srcMac: frame.srcMac, dstMac: frame.dstMac, length: frame.length };
  if (protocol === 4) ipv4(body, carried);
  else ipv6(body, carried);
  const { ip: inside, tcp, udp, icmp } = carried;
  if (inside === undefined || carried.inside !== undefined) return;
  frame.inside = inside;
  if (tcp) frame.tcp = tcp;
  if (udp) frame.udp = udp;
  if (icmp) frame.icmp = icmp;
}

function ipv6(body: Buffer, frame: Frame): void {
  const ip: Ip = {
    version: 6,
    src: v6(body, 8),
    dst: v6(body, 24),
    ttl: body[7]!,
    protocol: body[6]!,
    id: 0,
    dscp: (body.readUInt16BE(0) >> 6) & 63,
  };
  const asked = neighbourDiscovery(body, frame.srcMac);
  if (asked) {
    frame.arp = asked;
    return;
  }
  frame.ip = ip;
  const fragment = fragmentIn(body);
  if (fragment === null) payload(ip.protocol, body.subarray(40), body.readUInt16BE(4), frame);
  else {
    ip.protocol = fragment.protocol;
    if (fragment.isFirst) payload(ip.protocol, body.subarray(48), body.readUInt16BE(4) - 8, frame);
  }
}

/**
 * The fragment header of an IPv6 packet (RFC 8200, 4.5), if it is the first extension header; null if the packet is not
 * fragmented.
 */
function fragmentIn(packet: Buffer): { protocol: number; isFirst: boolean } | null {
  if (packet[6] !== 44 || packet.length < 48) return null;
  return { protocol: packet[40]!, isFirst: packet.readUInt16BE(42) >> 3 === 0 };
}

/** A neighbour solicitation or advertisement (RFC 4861) as ARP; null for other packets. */
function neighbourDiscovery(packet: Buffer, senderMac: string): Arp | null {
  const type = packet[40];
  if (packet[6] !== 58 || packet.length < 64 || (type !== 135 && type !== 136)) return null;
  const [src, dst, target] = [v6(packet, 8), v6(packet, 24), v6(packet, 48)];
  if (type === 135) return { op: 'request', senderMac, senderIp: src, targetIp: target };
  // An unsolicited one is sent to all nodes, like a gratuitous ARP with its own address as target.
  return { op: 'reply', senderMac, senderIp: target, targetIp: dst.startsWith('ff') ? target : dst };
}

function transport(protocol: number, body: Buffer, payloadLength: number, frame: Frame): void {
  if (protocol === 6 && body.length >= 20) frame.tcp = tcp(body, payloadLength);
  if (protocol === 17 && body.length >= 8) frame.udp = { srcPort: body.readUInt16BE(0), dstPort: body.readUInt16BE(2) };
  if ((protocol === 1 || protocol === 58) && body.length >= 8) frame.icmp = icmp(protocol, body);
}

const FLAGS: [number, string][] = [
  [2, 'S'],
  [1, 'F'],
  [4, 'R'],
  [8, 'P'],
  [16, 'A'],
];

function tcp(body: Buffer, length: number): Tcp {
  const flags = body[13]!;
  const headerLength = (body[12]! >> 4) * 4;
  const options = body.subarray(20, headerLength);
  const timestamp = optionIn(options, TIMESTAMPS);
  const mss = optionIn(options, MSS);
  return {
    srcPort: body.readUInt16BE(0),
    dstPort: body.readUInt16BE(2),
    seq: body.readUInt32BE(4),
    ack: body.readUInt32BE(8),
    flags: FLAGS.filter(([bit]) => (flags & bit) !== 0)
      .map(([, letter]) => letter)
      .join(''),
    payloadLength: length - headerLength,
    ...(timestamp === null ? {} : { timestamp: timestamp.readUInt32BE(0) }),
    ...(mss === null ? {} : { mss: mss.readUInt16BE(0) }),
  };
}

/** TCP options and the number of bytes to read: MSS (RFC 9293, 3.7.1), and TSval of timestamps (RFC 7323, 3.2). */
const [MSS, TIMESTAMPS] = [
  { kind: 2, length: 2 },
  { kind: 8, length: 4 },
];

/** First bytes of the value of a TCP option (RFC 9293, 3.1); null if absent. */
function optionIn(options: Buffer, { kind, length }: { kind: number; length: number }): Buffer | null {
  const [END, NO_OPERATION] = [0, 1];
  let at = 0;
  while (at + 2 + length <= options.length && options[at] !== END) {
    if (options[at] === kind) return options.subarray(at + 2, at + 2 + length);
    at += options[at] === NO_OPERATION ? 1 : Math.max(2, options[at + 1]!);
  }
  return null;
}

/** Both families use the ICMP types and codes of IPv4; see `icmpType` and `UNREACHABLE_CODES`. */
function icmp(protocol: number, body: Buffer): Icmp {
  const type = protocol === 1 ? body[0]! : icmpType(body[0]!);
  const code = protocol === 58 && type === ICMP.unreachable ? (UNREACHABLE_CODES[body[1]!] ?? 1) : body[1]!;
  const echo = type === ICMP.echoReply || type === ICMP.echoRequest;
  const message: Icmp = {
    type,
    code,
    id: echo ? body.readUInt16BE(4) : 0,
    seq: echo ? body.readUInt16BE(6) : 0,
  };
  if (type === ICMP.redirect && protocol === 1) message.gateway = v4(body, 4);
  if (type === ICMP.redirect && protocol === 58 && body.length >= 24) message.gateway = v6(body, 8);
  if (type === ICMP.tooBig) message.mtu = body.readUInt32BE(4);
  if (type === ICMP.unreachable && body[1] === 4 && protocol === 1) message.mtu = body.readUInt16BE(6);
  const inner = echo
    ? null
    : innerPacket(protocol, body.subarray(type === ICMP.redirect ? quoteOf(protocol, body) : 8));
  if (inner) message.inner = inner;
  return message;
}

/** Types as in `Icmp.type`. */
export const ICMP = {
  echoReply: 0,
  unreachable: 3,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  tooBig: 258,
  /** ICMPv6 only, for example unknown next header (RFC 4443, 3.4). */
  parameterProblem: 260,
} as const;

/** Codes of ICMPv6's unreachable (RFC 4443) by those of IPv4 (RFC 792, 1812): no route, prohibited, scope, host, port … */
const UNREACHABLE_CODES: Record<number, number> = { 0: 0, 1: 13, 2: 1, 3: 1, 4: 3, 5: 13, 6: 13 };

/** ICMPv6 types (RFC 4443, 4861) as their IPv4 counterparts; others are shifted to avoid collisions. */
function icmpType(v6type: number): number {
  const same: Record<number, number> = { 129: 0, 1: 3, 137: 5, 128: 8, 3: 11, 2: 258 };
  return same[v6type] ?? 256 + v6type;
}

/**
 * Position of the quoted packet in a redirect: in IPv6 inside an option, after both addresses (RFC 4861, 4.5 and
 * 4.6.3).
 */
function quoteOf(protocol: number, body: Buffer): number {
  if (protocol === 1) return 8;
  let at = 40;
  while (at + 8 <= body.length && body[at] !== REDIRECTED_HEADER && body[at + 1] !== 0) at += body[at + 1]! * 8;
  return at + 8;
}

const REDIRECTED_HEADER = 4;

function innerPacket(protocol: number, body: Buffer): NonNullable<Icmp['inner']> | null {
  const version = protocol === 1 ? 4 : 6;
  const fragment = version === 6 ? fragmentIn(body) : null;
  const headerLength = version === 4 ? ((body[0] ?? 0) & 15) * 4 : fragment === null ? 40 : 48;
  if (body.length < headerLength + 4 || headerLength < 20) return null;
  const inner = fragment?.protocol ?? body[version === 4 ? 9 : 6]!;
  const ends = { src: version === 4 ? v4(body, 12) : v6(body, 8), dst: version === 4 ? v4(body, 16) : v6(body, 24) };
  const carried = inner === 4 || inner === 41 ? innerPacket(inner === 4 ? 1 : 58, body.subarray(headerLength)) : null;
  if (carried !== null) {
    const { srcPort, dstPort, ...inside } = carried;
    return { ...ends, protocol: inner, srcPort, dstPort, inside };
  }
  // Echo messages have an id instead of ports.
  const [srcAt, dstAt] = inner === protocol && body.length >= headerLength + 6 ? [4, 4] : [0, 2];
  return {
    ...ends,
    protocol: inner,
    srcPort: body.readUInt16BE(headerLength + srcAt),
    dstPort: body.readUInt16BE(headerLength + dstAt),
  };
}
