import { cause, type Cause } from '../terms/cause.ts';
import { find, hidesSource, movesDestination, type Tracked } from './conntrack.ts';
import { hasSocket, sendAgain } from './exchange.ts';
import { serviceFor } from './nat.ts';
import type { Host } from './network.ts';
import { isRequest, type Packet } from './packet.ts';
import { die, stateOf, type Run } from './run.ts';

/** The first data of whoever the flow says so of, which is to leave out of the window. */
export function asFirstData(run: Run, { name }: Host, packet: Packet): Packet {
  const { exchange } = run;
  const sender = isRequest(packet.step) ? 'client' : 'server';
  if (exchange.flow.outOfWindow !== sender || exchange.outOfWindow !== null) return packet;
  exchange.outOfWindow = { node: name, packet };
  return { ...packet, isOutOfWindow: true };
}

/**
 * What comes in of a connection that is known, with a sequence number over the upper bound, is invalid: conntrack leaves it
 * as it is (tcp_in_window of nf_conntrack_proto_tcp.c, from there on nf_nat_inet_fn). Null for all else.
 */
export function invalid(run: Run, host: Host, packet: Packet): Tracked | null {
  if (packet.isOutOfWindow !== true || isLiberal(host)) return null;
  return find(stateOf(run, host).connections, packet) === null ? null : { state: 'invalid' };
}

const LIBERAL = 'net/netfilter/nf_conntrack_tcp_be_liberal';

function isLiberal({ plan: { sysctls } }: Host): boolean {
  return (sysctls[LIBERAL] ?? '0') !== '0';
}

/** The same packet, and whose fault it is if a node refuses it: of the one that should have translated it. */
export function blamed(run: Run, host: Host, packet: Packet, tracked: Tracked): Packet {
  if (packet.isOutOfWindow !== true || tracked.state !== 'invalid' || packet.blame !== undefined) return packet;
  const connection = find(stateOf(run, host).connections, packet)?.connection;
  if (connection === undefined || !(movesDestination(connection) || hidesSource(connection))) return packet;
  return { ...packet, blame: segmentNotTranslated(host, packet) };
}

/** A load balancer drops what is for a service of it and was not translated (lb/render/refuse.ts). True where that is so. */
export function isDroppedByBalancer(run: Run, host: Host, packet: Packet, tracked: Tracked): boolean {
  const isDropped =
    packet.isOutOfWindow === true && tracked.state === 'invalid' && serviceFor(host, packet, 'nat') !== null;
  if (isDropped) die(run, packet, segmentNotTranslated(host, packet));
  return isDropped;
}

function segmentNotTranslated({ name: node }: Host, { src: source, dst: destination }: Packet): Cause {
  return cause('out-of-window', 'segment-not-translated', { node, source, destination });
}

/**
 * Nobody has acknowledged what was out of the window: its sender says it again, unless a reset has ended the connection.
 * @returns whether there is something new to be sent
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
