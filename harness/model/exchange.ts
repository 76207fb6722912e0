import type { FlowPlan, ServicePlan } from '../scenario/plan.ts';
import type { Packet, Step } from './packet.ts';
import { isRequest } from './packet.ts';

/** Any free port: kernels choose one at random. */
const CALLER_PORT = 40000;
const TTL = 64;

/** What caller and servers said to each other so far in one flow. */
export interface Exchange {
  flow: FlowPlan;
  service: ServicePlan | null;
  protocol: Packet['protocol'];
  /** The caller's own end. */
  source: string;
  sourcePort: number;
  /** Every packet that was sent, in order; its index is its id. */
  sent: Packet[];
  /** Server ends of connections: `node src srcPort dst dstPort`. */
  sockets: Set<string>;
  /** Who got the request itself, and from which address. */
  served: { node: string; source: string } | null;
  /** Whether the caller has its answer. */
  answered: boolean;
}

export function startExchange(flow: FlowPlan, service: ServicePlan | null, source: string): Exchange {
  const protocol = flow.protocol === 'http' ? 'tcp' : flow.protocol;
  const exchange = { flow, service, protocol, source, sourcePort: CALLER_PORT, sent: [], sockets: new Set<string>() };
  return { ...exchange, served: null, answered: false };
}

/** A packet of the caller's. */
export function callerSends(exchange: Exchange, step: Step): Packet {
  const { flow, protocol, source, sourcePort } = exchange;
  const dstPort = protocol === 'icmp' ? sourcePort : flow.port;
  return send(exchange, { step, src: source, srcPort: sourcePort, dst: flow.address, dstPort });
}

/** An answer: from the address that the packet was sent to, back to where it came from. */
export function answerTo(exchange: Exchange, packet: Packet, step: Step): Packet {
  const { src, srcPort, dst, dstPort } = packet;
  return send(exchange, { step, src: dst, srcPort: dstPort, dst: src, dstPort: srcPort });
}

/** ICMP error about a packet; `from` null means the address of the interface that it leaves by. */
export function errorAbout(exchange: Exchange, about: Packet, from: string | null): Packet {
  const base = send(exchange, { step: 'error', src: from ?? '', srcPort: 0, dst: about.src, dstPort: 0 });
  return { ...base, protocol: 'icmp', about };
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

/** First packet that the caller sent. */
export function firstRequest(exchange: Exchange): Packet | null {
  return exchange.sent.find(({ step }) => isRequest(step)) ?? null;
}

/** First packet that anybody answered with. */
export function firstAnswer(exchange: Exchange): Packet | null {
  return exchange.sent.find(({ step }) => !isRequest(step)) ?? null;
}

function send(exchange: Exchange, fields: Pick<Packet, 'step' | 'src' | 'srcPort' | 'dst' | 'dstPort'>): Packet {
  const packet = { ...fields, id: exchange.sent.length, protocol: exchange.protocol, ttl: TTL, trace: null };
  exchange.sent.push(packet);
  return packet;
}

function socketKey(node: string, { src, srcPort, dst, dstPort }: Packet): string {
  return `${node} ${src} ${srcPort} ${dst} ${dstPort}`;
}
