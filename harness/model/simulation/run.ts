import type { LbServer, LbService } from '../../../lb/terms/config.ts';
import type { Choices } from './choices.ts';
import type { Circumstances } from './circumstances.ts';
import type { Cause } from '../../terms/cause.ts';
import type { Findings } from '../../terms/finding.ts';
import type { Tracked } from './conntrack.ts';
import type { DirectCheck } from './direct-check.ts';
import { errorAbout } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { Memory } from './memory.ts';
import type { NodeState } from './node-state.ts';
import type { Frame, Packet, Step } from './packet.ts';
import { lengthOf } from './trace.ts';
import { closestSource, selectSource } from './routing.ts';
import type { Host, Network } from './network.ts';

/** One simulated flow: what the nodes have learned so far, and the frames in flight. */
export interface Run {
  network: Network;
  choices: Choices;
  /** Current state of the nodes; `before` applies to nodes without an entry. */
  states: Map<string, NodeState>;
  /** State of the nodes before the flow. */
  before: Map<string, NodeState> | null;
  /** Frames about to arrive, first in first out. */
  arrivals: Arrival[];
  exchange: Exchange;
  /** Packets that sockets and kernels are about to send. */
  outbox: Outgoing[];
  /** How each packet ended, by packet id. */
  ends: Map<number, End>;
  /** Whether a load balancer finds a server healthy. */
  isUp: (host: Host, service: LbService, server: LbServer) => boolean;
  /** The flow is such a health check; null for other flows. */
  check: DirectCheck | null;
  /** Where two nodes answered for the same address. */
  conflictingAnswers: Findings['two-owners'][];
  /** Why the owner of an address did not answer a requester, by address. */
  unanswered: Map<string, (asker: string) => Cause>;
  /** Which load balancer picked which server, by service, and for which packet of the flow. */
  picked: Map<string, { l4: string; server: string; step: Step }>;
  circumstances: Circumstances;
  /** State of the connection when the flow began. */
  memory: Memory;
  /** Servers of the flow, as in the load balancers' flow tables. */
  flows: Map<string, LbServer>;
  /** Addresses that several nodes have, and that were next hops of packets. */
  sharedHops: Set<string>;
  /** Called for each frame at each interface, like a capture; null if nobody needs them. */
  capture: ((crossing: Crossing) => void) | null;
}

/** A frame at an interface. */
export interface Crossing extends Arrival {
  direction: 'in' | 'out';
}

interface Outgoing {
  node: string;
  packet: Packet;
  /** Its connection, if it is known from the start; absent if connection tracking must look it up. */
  tracked?: Tracked;
}

export interface Arrival {
  node: string;
  iface: string;
  frame: Frame;
}

/** Where a packet's path ended. Of the copies of a flood the one that got furthest counts. */
export interface End {
  packet: Packet;
  fate: 'delivered' | 'died' | 'unwanted';
  node: string;
  /** Why it was lost; null for other fates. */
  cause: Cause | null;
  /** What stopped it, which may be a consequence of the cause; absent for other fates. */
  stoppedBy?: Cause;
  /** Whether it was lost at a wrong node: another copy of a flood may have got further. */
  isAstray?: boolean;
}

const RANK = { unwanted: 0, died: 2, delivered: 3 } as const;

function rankOf({ fate, isAstray }: End): number {
  return fate === 'died' && isAstray === true ? 1 : RANK[fate];
}

export function stateOf(run: Run, host: Host): NodeState {
  let state = run.states.get(host.name);
  if (state === undefined) {
    const before = run.before?.get(host.name);
    // Only the flow's own connections are there: those of finished flows do not affect another flow.
    const isIdle = run.circumstances.expired.has(host.name);
    const connections = isIdle ? [] : (run.memory.connections.get(host.name) ?? []);
    state = structuredClone({ ...(before ?? nothingLearned()), connections });
    run.states.set(host.name, state);
  }
  return state;
}

function nothingLearned(): NodeState {
  return {
    neighbours: new Map(),
    connections: [],
    macTable: new Map(),
    redirects: new Map(),
    peerLimits: new Map(),
    pathMtus: new Map(),
    redirected: new Set(),
  };
}

/** State of all nodes now, from this flow and before. */
export function learnedStates({ before, states }: Run): Map<string, NodeState> {
  return new Map([...(before ?? []), ...states]);
}

/** A node dropped a packet for a reason. */
export function die(run: Run, packet: Packet, cause: Cause): void {
  end(run, { packet, fate: 'died', node: cause.node, cause: packet.knownCause ?? cause, stoppedBy: cause });
}

/** The packet reached the node that owns its destination. */
export function deliver(run: Run, packet: Packet, node: string): void {
  end(run, { packet, fate: 'delivered', node, cause: null });
}

/**
 * A frame reached a node with another MAC: it counts only if no other copy got anywhere. A copy with a known cause got as far
 * as that node.
 */
export function discard(run: Run, packet: Packet, node: string): void {
  const { knownCause } = packet;
  const isAstray = true;
  end(
    run,
    knownCause
      ? { packet, fate: 'died', node, cause: knownCause, isAstray }
      : { packet, fate: 'unwanted', node, cause: null, isAstray },
  );
}

/**
 * ICMP error (RFC 792) to the source of a packet that a node could not forward; none about other ICMP messages.
 * It belongs to the packet's connection (nf_ct_attach), even if that is never established, in the reverse direction: NAT
 * translates its addresses to those that the sender knows, but the quoted packet only in part.
 * @param known what the node knows about the packet: its connection, the size that would fit, whether its TTL expired
 */
export function sendIcmpError(
  run: Run,
  host: Host,
  packet: Packet,
  { tracked, mtu, isExpired = false }: { tracked?: Tracked; mtu?: number; isExpired?: boolean } = {},
): void {
  if (packet.about !== undefined) return;
  // IPv4 speaks from the destination if the packet was routed to the node itself (icmp_send), IPv6 if the node has it (icmp6_send).
  const isForOthers = packet.tunnel !== undefined || packet.isUnrouted === true;
  const ends = isForOthers && !packet.dst.includes(':') ? [packet.src] : [packet.dst, packet.src];
  const from = ends.find((address) => host.owned.has(address)) ?? arrivalAddress(host, packet);
  const error = errorAbout(run.exchange, packet, from);
  const icmpType = mtu !== undefined ? 'too-big' : isExpired ? 'time-exceeded' : 'unreachable';
  run.outbox.push({
    node: host.name,
    packet: { ...error, icmpType, ...(mtu === undefined ? {} : { mtu }) },
    ...inAnswerTo(tracked),
  });
}

/** A node's message about a packet, or instead of a reply, belongs to its connection, in the reverse direction. */
export function inAnswerTo(tracked: Tracked | undefined): { tracked?: Tracked } {
  if (tracked === undefined || !('connection' in tracked)) return {};
  const isReply = tracked.state === 'known' && tracked.direction === 'reply';
  return {
    tracked: { state: 'known', connection: tracked.connection, direction: isReply ? 'original' : 'reply' },
  };
}

/**
 * Source of an ICMP error. IPv6 prefers the interface where the packet arrived (icmpv6_route_lookup, icmp6_send); the end of a
 * tunnel has no address, and then all of the node's are compared. IPv4 uses the interface where the error leaves: null.
 */
function arrivalAddress(host: Host, { src, trace, inside }: Packet): string | null {
  if (!src.includes(':') || trace?.hop.node !== host.name) return null;
  const isFromTunnel = trace.hop.inside !== undefined && inside === undefined;
  if (isFromTunnel) return closestSource(host, src);
  const device = host.devices.get(host.ports.includes(trace.hop.iface) ? 'br0' : trace.hop.iface);
  if (device === undefined) return null;
  const isNumbered = device.addresses.some(({ ip }) => ip.includes(':'));
  return isNumbered ? selectSource(host, device, src) : closestSource(host, src);
}

function end(run: Run, candidate: End): void {
  const known = run.ends.get(candidate.packet.id);
  if (known === undefined || isBetter(candidate, known)) run.ends.set(candidate.packet.id, candidate);
}

/** If all copies reached wrong nodes, the one that got furthest is reported. */
function isBetter(candidate: End, known: End): boolean {
  if (rankOf(candidate) !== rankOf(known)) return rankOf(candidate) > rankOf(known);
  const areAstray = candidate.isAstray === true && known.isAstray === true;
  return areAstray && lengthOf(candidate.packet.trace) > lengthOf(known.packet.trace);
}
