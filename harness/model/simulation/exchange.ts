import { payloadOf } from '../../terms/payload.ts';
import type { FlowPlan, ServicePlan } from '../../terms/plan.ts';
import type { Packet, Step } from './packet.ts';
import { isRequest } from './packet.ts';

/** Any free port, if the flow has no fixed one: kernels choose one at random. */
const CALLER_PORT = 40000;
const TTL = 64;

/** The packets of caller and servers in one flow so far. */
export interface Exchange {
  flow: FlowPlan;
  service: ServicePlan | null;
  protocol: Packet['protocol'];
  /** Whether its connection was already open. */
  isOpen: boolean;
  /** The caller's own end. */
  source: string;
  sourcePort: number;
  /** All sent packets in order; the index is the id. */
  sent: Packet[];
  /** Server ends of connections: `node src srcPort dst dstPort`. */
  sockets: Set<string>;
  /** The node that received the request, and the source that it saw. */
  served: { node: string; source: string } | null;
  /** Whether the caller has its reply. */
  answered: boolean;
  /** Ids of packets that were retransmitted in smaller segments. */
  repeated: Set<number>;
  /** Data sent out of the window, and its sender; null if none. */
  outOfWindow: { node: string; packet: Packet } | null;
}

/** @param ends the caller's address, and the server ends of an open connection */
export function startExchange(
  flow: FlowPlan,
  service: ServicePlan | null,
  { source, sockets }: { source: string; sockets: readonly string[] | null },
): Exchange {
  return {
    flow,
    service,
    protocol: flow.protocol === 'http' ? 'tcp' : flow.protocol,
    isOpen: sockets !== null,
    source,
    sourcePort: flow.sourcePort ?? CALLER_PORT,
    sent: [],
    sockets: new Set(sockets),
    served: null,
    answered: false,
    repeated: new Set(),
    outOfWindow: null,
  };
}

/** A packet of the caller. */
export function callerSends(exchange: Exchange, step: Step): Packet {
  const { flow, protocol, source, sourcePort } = exchange;
  const dstPort = protocol === 'icmp' ? sourcePort : flow.port;
  return send(exchange, { step, src: source, srcPort: sourcePort, dst: flow.address, dstPort });
}

/** A reply: from the packet's destination to its source. */
export function answerTo(exchange: Exchange, packet: Packet, step: Step): Packet {
  const { src, srcPort, dst, dstPort } = packet;
  return send(exchange, { step, src: dst, srcPort: dstPort, dst: src, dstPort: srcPort });
}

/** ICMP error about a packet; `from` null means the address of the outgoing interface. */
export function errorAbout(exchange: Exchange, about: Packet, from: string | null): Packet {
  const base = send(exchange, { step: 'error', src: from ?? '', srcPort: 0, dst: about.src, dstPort: 0 });
  return { ...base, protocol: 'icmp', about };
}

/** Retransmission of a packet that was too big, or out of the window. */
export function sendAgain(exchange: Exchange, packet: Packet): Packet {
  exchange.repeated.add(packet.id);
  return send(exchange, packet);
}

/** Retransmission of a server's unacknowledged packet. */
export function serverSends(exchange: Exchange, socket: string): { node: string; packet: Packet } {
  const [node = '', peer = '', peerPort = '', address = '', port = ''] = socket.split(' ');
  const ends = { src: address, srcPort: Number(port), dst: peer, dstPort: Number(peerPort) };
  return { node, packet: send(exchange, { step: 'reply', ...ends }) };
}

/** Whether a packet belongs to the caller's socket: from the address it called, to its own. */
export function isForCaller({ flow, protocol, source, sourcePort }: Exchange, packet: Packet): boolean {
  const fromCalled = packet.src === flow.address && (protocol === 'icmp' || packet.srcPort === flow.port);
  return fromCalled && packet.dst === source && packet.dstPort === sourcePort;
}

/** Opens the server's end of a connection. */
export function openSocket(exchange: Exchange, node: string, packet: Packet): void {
  exchange.sockets.add(socketKey(node, packet));
}

export function hasSocket(exchange: Exchange, node: string, packet: Packet): boolean {
  return exchange.sockets.has(socketKey(node, packet));
}

/** Closes a server's connection. @returns whether there was one */
export function closeSocket(exchange: Exchange, node: string, packet: Packet): boolean {
  return exchange.sockets.delete(socketKey(node, packet));
}

/** First packet of the caller. */
export function firstRequest(exchange: Exchange): Packet | null {
  return exchange.sent.find(({ step }) => isRequest(step)) ?? null;
}

/** First reply packet. */
export function firstAnswer(exchange: Exchange): Packet | null {
  return exchange.sent.find(({ step }) => !isRequest(step)) ?? null;
}

function send(exchange: Exchange, fields: Pick<Packet, 'step' | 'src' | 'srcPort' | 'dst' | 'dstPort'>): Packet {
  const { step, src, srcPort, dst, dstPort } = fields;
  const { protocol, flow, sent } = exchange;
  const packet = {
    id: sent.length,
    step,
    protocol,
    src,
    dst,
    srcPort,
    dstPort,
    ttl: TTL,
    size: sizeOf(step, flow),
    trace: null,
    ...fragmentableBy(step, flow),
  };
  sent.push(packet);
  return packet;
}

/** IP and TCP with its options, or UDP or ICMP; IPv6 has 20 more. */
const HEADERS = { http: 52, tcp: 52, udp: 28, icmp: 28 } as const;
/** Payload of the agents' requests and replies without the extra payload, to within some 20 bytes. */
const PAYLOAD = {
  request: { http: 110, tcp: 20, udp: 20, icmp: 56 },
  reply: { http: 210, tcp: 100, udp: 100, icmp: 56 },
} as const;

/** The kernel's own echo replies do not discover the path MTU (icmp_sk_init); in IPv6 no router fragments. */
function fragmentableBy(step: Step, { protocol, address, dontFragment }: FlowPlan): Pick<Packet, 'fragmentableBy'> {
  if (protocol !== 'icmp') return {};
  if (step === 'request') return dontFragment ? { fragmentableBy: 'nobody' } : {};
  return step === 'reply' && !address.includes(':') ? { fragmentableBy: 'anybody' } : {};
}

/** Bytes of an unfragmented IP packet with a message. */
function sizeOf(step: Step, flow: FlowPlan): number {
  const { protocol, address } = flow;
  const headers = HEADERS[protocol] + (address.includes(':') ? 20 : 0);
  if (step !== 'request' && step !== 'reply') return headers;
  const extra = payloadOf(flow)[step];
  return headers + (protocol === 'icmp' && extra > 0 ? extra : PAYLOAD[step][protocol] + extra);
}

function socketKey(node: string, { src, srcPort, dst, dstPort }: Packet): string {
  return `${node} ${src} ${srcPort} ${dst} ${dstPort}`;
}
