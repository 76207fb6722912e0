import { cause, type Cause } from '../../terms/cause.ts';
import { find, hidesSource, movesDestination, type Tracked } from './conntrack.ts';
import { hasSocket, sendAgain } from './exchange.ts';
import { serviceFor } from './nat.ts';
import type { Host } from './network.ts';
import { isRequest, type Packet } from './packet.ts';
import { die, stateOf, type Run } from './run.ts';

/** The packet, marked as out of window if it is the first data of the side that the flow's `outOfWindow` names. */
export function asFirstData(run: Run, { name }: Host, packet: Packet): Packet {
  const { exchange } = run;
  const sender = isRequest(packet.step) ? 'client' : 'server';
  if (exchange.flow.outOfWindow !== sender || exchange.outOfWindow !== null) return packet;
  exchange.outOfWindow = { node: name, packet };
  return { ...packet, isOutOfWindow: true };
}

/**
 * A segment of a known connection with a sequence number above the upper bound is invalid: conntrack does not translate it
 * (tcp_in_window of nf_conntrack_proto_tcp.c, then nf_nat_inet_fn). Null for all other packets.
 */
export function invalid(run: Run, host: Host, packet: Packet): Tracked | null {
  if (packet.isOutOfWindow !== true || isLiberal(host)) return null;
  return find(stateOf(run, host).connections, packet) === null ? null : { state: 'invalid' };
}

const LIBERAL = 'net/netfilter/nf_conntrack_tcp_be_liberal';

function isLiberal({ plan: { sysctls } }: Host): boolean {
  return (sysctls[LIBERAL] ?? '0') !== '0';
}

/** The packet, with the node that should have translated it as the cause if another node refuses it. */
export function withTranslatorBlamed(run: Run, host: Host, packet: Packet, tracked: Tracked): Packet {
  if (packet.isOutOfWindow !== true || tracked.state !== 'invalid' || packet.knownCause !== undefined) return packet;
  const connection = find(stateOf(run, host).connections, packet)?.connection;
  if (connection === undefined || !(movesDestination(connection) || hidesSource(connection))) return packet;
  return { ...packet, knownCause: segmentNotTranslated(host, packet) };
}

/**
 * A load balancer drops untranslated packets to its services, but with `vipOwner: false` only those that are not for the host
 * itself (lb/render/refuse.ts). Returns whether it did.
 */
export function isDroppedByBalancer(run: Run, host: Host, packet: Packet, tracked: Tracked): boolean {
  const isOfHost = host.plan.balancer?.config.vipOwner === false && host.owned.has(packet.dst);
  const isDropped =
    packet.isOutOfWindow === true &&
    tracked.state === 'invalid' &&
    !isOfHost &&
    serviceFor(host, packet, 'nat') !== null;
  if (isDropped) die(run, packet, segmentNotTranslated(host, packet));
  return isDropped;
}

function segmentNotTranslated({ name: node }: Host, { src: source, dst: destination }: Packet): Cause {
  return cause('out-of-window', 'segment-not-translated', { node, source, destination });
}

/**
 * The segment out of window was not acknowledged: its sender retransmits it correctly, unless a reset has ended the
 * connection.
 * @returns whether it does
 */
export function repeatsInWindow({ exchange, ends, outbox }: Run): boolean {
  const { outOfWindow, flow } = exchange;
  if (outOfWindow === null) return false;
  const { node, packet } = outOfWindow;
  const { src, srcPort, dst, dstPort } = packet;
  const isOpen = isRequest(packet.step)
    ? ![...ends.values()].some(
        ({ fate, node: at, packet: { step } }) => fate === 'delivered' && at === flow.from && step === 'reset',
      )
    : hasSocket(exchange, node, { ...packet, src: dst, srcPort: dstPort, dst: src, dstPort: srcPort });
  if (isOpen) outbox.push({ node, packet: sendAgain(exchange, packet) });
  return isOpen;
}
