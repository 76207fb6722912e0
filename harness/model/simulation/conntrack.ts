import type { LbService } from '../../../lb/terms/config.ts';
import type { Packet } from './packet.ts';
import { initialState, nextState } from './tcp-tracking.ts';
import type { TcpState } from './tcp-tracking.ts';

/** Both address pairs of a connection; for ICMP echo both ports are the id. */
interface Tuple {
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
}

export interface Connection {
  protocol: Packet['protocol'] | 'ipip';
  original: Tuple;
  reply: Tuple;
  /** Null for UDP and ICMP. */
  tcp: TcpState | null;
  /** Service whose NAT it is under, or null. */
  service: LbService | null;
}

/** Result of connection tracking for one packet. */
export type Tracked =
  | { state: 'new'; connection: Connection }
  | { state: 'known'; connection: Connection; direction: 'original' | 'reply' }
  | { state: 'invalid' }
  /** Not tracked: neither translated nor dropped as invalid by a firewall. */
  | { state: 'untracked' };

/** A packet with its result of connection tracking. */
export interface Passing {
  packet: Packet;
  tracked: Tracked;
}

/**
 * Looks a packet up among a node's connections (nf_conntrack_in), and updates the TCP state.
 * A new connection is added to the table only by `confirm`, once the packet has passed the node.
 */
export function track(table: Connection[], packet: Packet): Tracked {
  const found = find(table, packet);
  if (found === null) {
    // Of what a packet carries, connection tracking knows nothing (nf_conntrack_proto_generic.c).
    const protocol = protocolOf(packet);
    const tcp = protocol === 'tcp' ? initialState(packet.step) : null;
    const answersNothing = protocol === 'icmp' && packet.step === 'reply';
    if ((protocol === 'tcp' && tcp === null) || answersNothing) return { state: 'invalid' };
    const original = tupleOf(packet);
    return {
      state: 'new',
      connection: { protocol, original, reply: inverse(original), tcp, service: null },
    };
  }
  const { connection, direction } = found;
  if (connection.tcp !== null) {
    const next = nextState(connection.tcp, direction, packet.step);
    if (next === null) return { state: 'invalid' };
    connection.tcp = next;
  }
  return { state: 'known', connection, direction };
}

/** An ICMP message about a packet has the opposite direction of that packet. */
export function trackRelated(table: Connection[], about: Packet): Tracked {
  const { src, srcPort, dst, dstPort } = about;
  const found = find(table, { ...about, src: dst, srcPort: dstPort, dst: src, dstPort: srcPort });
  return found === null ? { state: 'invalid' } : { state: 'known', ...found };
}

export function confirm(table: Connection[], tracked: Tracked): void {
  if (tracked.state === 'new' && !table.includes(tracked.connection)) table.push(tracked.connection);
}

/** The connection that a packet belongs to, by either of its tuples. */
export function find(
  table: Connection[],
  packet: Packet,
): { connection: Connection; direction: 'original' | 'reply' } | null {
  const tuple = tupleOf(packet);
  for (const connection of table) {
    if (connection.protocol !== protocolOf(packet)) continue;
    if (sameTuple(connection.original, tuple)) return { connection, direction: 'original' };
    if (sameTuple(connection.reply, tuple)) return { connection, direction: 'reply' };
  }
  return null;
}

/** Whether the connection is under destination NAT. */
export function movesDestination({ original, reply }: Connection): boolean {
  return original.dst !== reply.src || original.dstPort !== reply.srcPort;
}

/** Whether the connection is under source NAT. */
export function hidesSource({ original, reply }: Connection): boolean {
  return original.src !== reply.dst || original.srcPort !== reply.dstPort;
}

function tupleOf({ src, srcPort, dst, dstPort, inside }: Packet): Tuple {
  return inside === undefined ? { src, srcPort, dst, dstPort } : { src, srcPort: 0, dst, dstPort: 0 };
}

/** Protocol of a packet's outer header. */
export function protocolOf({ protocol, inside }: Packet): Packet['protocol'] | 'ipip' {
  return inside === undefined ? protocol : 'ipip';
}

function inverse({ src, srcPort, dst, dstPort }: Tuple): Tuple {
  return { src: dst, srcPort: dstPort, dst: src, dstPort: srcPort };
}

export function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.src === b.src && a.dst === b.dst && a.srcPort === b.srcPort && a.dstPort === b.dstPort;
}
