import { ICMP } from '../../harness/observe/decode.ts';
import type { Exchange } from '../../harness/model/simulation/exchange.ts';
import type { Frame as ModelFrame, Packet } from '../../harness/model/simulation/packet.ts';
import type { Run } from '../../harness/model/simulation/run.ts';
import { mssOf } from '../../harness/terms/mss.ts';
import type { Frame, Icmp, Ip, Tcp } from '../../harness/terms/sighting.ts';
import { isV6 } from '../../harness/scenario/address.ts';

/** IANA protocol numbers. */
const PROTOCOL = { tcp: 6, udp: 17, icmp: 1 } as const;
const ICMP_V6 = 58;
const IP_IN_IP = { 4: 4, 6: 41 } as const;
const ETHERNET_HEADER = 14;
/** IP and TCP with its options; IPv6 has 20 more. */
const HEADERS = 52;

/** Initial sequence numbers of caller and server. */
const [CALLER, SERVER] = [1000, 5000];

/** A frame of the model as a capture of it would be decoded. @param token of the flow, in all data */
export function syntheticFrame(run: Run, frame: ModelFrame, token: string): Frame {
  const { srcMac, dstMac } = frame;
  if ('arp' in frame) {
    const { op, senderMac, senderIp, targetIp } = frame.arp;
    return { srcMac, dstMac, length: 42, arp: { op, senderMac, senderIp, targetIp } };
  }
  const { packet: outer } = frame;
  const { inside } = outer;
  const packet = inside ?? outer;
  const head = {
    srcMac,
    dstMac,
    length: outer.size + ETHERNET_HEADER,
    ip: ip(outer, inside === undefined ? protocolOf(packet) : IP_IN_IP[isV6(inside.dst) ? 6 : 4]),
    ...(inside === undefined ? {} : { inside: ip(inside, protocolOf(inside)) }),
  };
  if (packet.about !== undefined) return { ...head, icmp: icmpAbout(run, packet, packet.about) };
  if (packet.protocol === 'icmp') return { ...head, icmp: echo(packet), token };
  const ports = { srcPort: packet.srcPort, dstPort: packet.dstPort };
  if (packet.protocol === 'udp') return { ...head, udp: ports, token };
  const tcp: Tcp = { ...ports, ...segment(run.exchange, packet), timestamp: outer.id };
  if (packet.maxAccepted !== undefined) tcp.mss = mssOf(packet.maxAccepted, packet.dst);
  return { ...head, tcp, ...(tcp.payloadLength > 0 ? { token } : {}) };
}

function ip({ src, dst, ttl, dscp = 0, id }: Packet, protocol: number): Ip {
  const version = isV6(dst) ? 6 : 4;
  return { version, src, dst, ttl, protocol, id: version === 6 ? 0 : id + 1, dscp };
}

function protocolOf({ protocol, dst, about }: Packet): number {
  const isIcmp = protocol === 'icmp' || about !== undefined;
  return isIcmp && isV6(dst) ? ICMP_V6 : PROTOCOL[isIcmp ? 'icmp' : protocol];
}

function echo({ step, srcPort }: Packet): Icmp {
  return { type: step === 'request' ? ICMP.echoRequest : ICMP.echoReply, code: 0, id: srcPort, seq: 1 };
}

function icmpAbout(run: Run, { redirect, mtu, icmpType }: Packet, about: Packet): Icmp {
  const quoted = { id: 0, seq: 0, inner: quote(about) };
  if (redirect !== undefined) return { ...quoted, type: ICMP.redirect, code: 1, gateway: redirect.gateway };
  if (icmpType === 'too-big')
    return { ...quoted, type: ICMP.unreachable, code: 4, ...(mtu === undefined ? {} : { mtu }) };
  if (icmpType === 'time-exceeded') return { ...quoted, type: ICMP.timeExceeded, code: 0 };
  return { ...quoted, type: ICMP.unreachable, code: unreachableCode(run, about) };
}

function quote({ inside, src, dst, protocol, srcPort, dstPort }: Packet): Icmp['inner'] & object {
  if (inside !== undefined) {
    const { srcPort: from, dstPort: to } = inside;
    const carried = { src: inside.src, dst: inside.dst, protocol: protocolOf(inside) };
    return { src, dst, protocol: IP_IN_IP[isV6(inside.dst) ? 6 : 4], srcPort: from, dstPort: to, inside: carried };
  }
  // Echo messages have one id.
  const to = protocol === 'icmp' ? srcPort : dstPort;
  const number = protocol === 'icmp' && isV6(dst) ? ICMP_V6 : PROTOCOL[protocol];
  return { src, dst, protocol: number, srcPort, dstPort: to };
}

/** Codes of RFC 792 and 1812, by what became of the packet. */
function unreachableCode({ ends }: Run, { id }: Packet): number {
  const detail = ends.get(id)?.cause?.detail;
  switch (detail?.code) {
    case 'dead-end':
      return detail.params.type === 'prohibit' ? 13 : 1;
    case 'route-missing':
      return 0;
    case 'tunnel-end-missing':
      return 2;
    case 'arp-unanswered':
    case 'arp-request-dropped':
    case 'server-off-segment':
    case 'neighbour-static':
    case 'neighbour-outdated':
      return 1;
    default:
      return detail !== undefined && ends.get(id)?.cause?.code === 'vlan-mismatch' ? 1 : 3;
  }
}

type Segment = Pick<Tcp, 'seq' | 'ack' | 'flags' | 'payloadLength'>;

function segment({ sent, flow }: Exchange, { id, step, size, dst }: Packet): Segment {
  const payloadLength = Math.max(1, size - HEADERS - (isV6(dst) ? 20 : 0));
  const empty = { payloadLength: 0 };
  switch (step) {
    case 'syn':
      return { seq: CALLER, ack: 0, flags: 'S', ...empty };
    case 'syn-ack':
      return { seq: SERVER, ack: CALLER + 1, flags: 'SA', ...empty };
    case 'ack':
      return { seq: CALLER + 1, ack: SERVER + 1, flags: 'A', ...empty };
    case 'request':
      return { seq: CALLER + 1, ack: SERVER + 1, flags: 'PA', payloadLength };
    case 'reset': {
      const original = sent[id]!;
      const isOfCaller = original.dst === flow.address && original.dstPort === flow.port;
      const isOpen = sent.slice(0, id).some((earlier) => earlier.step === 'ack' || earlier.step === 'request');
      if (!isOpen && !isOfCaller) return { seq: 0, ack: CALLER + 1, flags: 'RA', ...empty };
      return { seq: (isOfCaller ? CALLER : SERVER) + 1, ack: 0, flags: 'R', ...empty };
    }
    default:
      return { seq: SERVER + 1, ack: CALLER + 1 + payloadLength, flags: 'PA', payloadLength };
  }
}
