import { ICMP } from '../observe/decode.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Plan } from '../terms/plan.ts';
import type { Sighting } from '../terms/sighting.ts';

/**
 * Time until a sender retransmits, ms: a SYN after 1,000 (RFC 6298); data after 200 at the earliest (a tail loss probe, or the
 * first segment), and then after another 200 or 400 (TCP_RTO_MIN, RFC 8985). The agents repeat a datagram or an echo after
 * 500. ping(8) is a process of its own, which on a busy machine repeats before it reads the reply.
 */
const WAITED_MS = { syn: 900, dataOfTheCaller: 400, dataOfAnyone: 600, datagram: 400, echoWithReply: 2400 };

/** Number of requests for a neighbour before a node gives up (`mcast_solicit`, ip-sysctl of the kernel). */
const MAX_REQUESTS = 3;

/** Maximum time from a packet, or a request, to a node's next request for the neighbour, ms: requests are 100 apart. */
export const NEXT_REQUEST_MS = 120;

/**
 * What the packets of an attempt decide:
 * - `refused`: the caller rejected the reply (RST), or an ICMP error about its datagram reached it.
 * - `repeated`: it retransmitted its request without an acceptable reply, or the other end keeps retransmitting the same;
 *   decided unless the retransmission gets through.
 * - `learning`: a loss has changed a node's state, and no retransmission has used that yet.
 *
 * @param packets sightings of one attempt so far, in time order
 * @param teaches whether a sighting changes where its node sends retransmissions
 */
export function settledBy(
  packets: Sighting[],
  key: FlowKey,
  teaches: (sighting: Sighting) => boolean = () => false,
): 'refused' | 'repeated' | 'learning' | null {
  const isError = ({ node, direction, frame }: Sighting): boolean =>
    node === key.caller && direction === 'in' && frame.icmp?.inner !== undefined && frame.icmp.type !== ICMP.redirect;
  if (key.protocol === 'udp' && packets.some(isError)) return 'refused';
  const learnedAt = packets.findLast(teaches)?.time ?? -Infinity;
  if (key.protocol !== 'tcp') {
    const asked = packets.filter((packet) => isRequestOf(key, packet));
    if (learnedAt > (asked.at(-1)?.time ?? Infinity)) return 'learning';
    const waitMs = packets.some((packet) => isEchoReplyTo(key, packet)) ? WAITED_MS.echoWithReply : WAITED_MS.datagram;
    return asked.length > 0 && asked.at(-1)!.time - asked[0]!.time >= waitMs * 1e6 ? 'repeated' : null;
  }
  const sent = packets.filter(({ direction, frame }) => direction === 'out' && frame.tcp);
  const left = sent.filter(({ node }) => node === key.caller);
  // A router that calls may get its own packets to forward, with a lower TTL.
  const own = left.filter(({ frame }) => frame.ip?.ttl === left[0]!.frame.ip?.ttl);
  if (key.mayGoOn !== true && own.some(({ frame }) => frame.tcp!.flags.includes('R'))) return 'refused';
  const data = ({ frame }: Sighting): boolean => frame.tcp!.payloadLength > 0;
  const isRepeated =
    waited(own.filter(({ frame }) => frame.tcp!.flags === 'S')) >= WAITED_MS.syn ||
    waited(own.filter(data)) >= WAITED_MS.dataOfTheCaller ||
    waited(sent.filter(data)) >= WAITED_MS.dataOfAnyone;
  if (learnedAt > (sent.findLast((p) => p.frame.tcp!.flags === 'S' || data(p))?.time ?? Infinity)) return 'learning';
  return isRepeated ? 'repeated' : null;
}

/** A datagram or echo request as it leaves its caller. */
function isRequestOf({ caller, token }: FlowKey, { node, direction, frame }: Sighting): boolean {
  if (node !== caller || direction !== 'out') return false;
  return frame.udp ? frame.token === token : frame.icmp?.type === ICMP.echoRequest;
}

/** An echo reply that reached its caller from the called address. */
function isEchoReplyTo({ caller, address }: FlowKey, { node, direction, frame: { ip, icmp } }: Sighting): boolean {
  return node === caller && direction === 'in' && icmp?.type === ICMP.echoReply && ip?.src === address;
}

/** Whether a sighting is an ICMP redirect at a node that accepts it (RFC 792, 4861). */
export function redirectsAt({ nodes }: Plan): (sighting: Sighting) => boolean {
  const accepting = new Set(
    nodes.flatMap(({ name, sysctls }) =>
      Object.entries(sysctls).some(([path, value]) => path.endsWith('/accept_redirects') && value !== '0')
        ? [name]
        : [],
    ),
  );
  return ({ node, direction, frame }) =>
    direction === 'in' && frame.icmp?.type === ICMP.redirect && accepting.has(node);
}

/** The longest time between the first and the last sending of the same segment, ms. */
function waited(sent: Sighting[]): number {
  const first = new Map<string, number>();
  let longest = 0;
  for (const { time, node, iface, frame } of sent) {
    // A switch floods: the same frame out of every port is no retransmission. Nor is a packet that returns, in a loop or from an L4.
    const { srcMac, dstMac, ip, tcp } = frame;
    const name = [node, iface, srcMac, dstMac, ip!.ttl, ip!.src, ip!.dst, tcp!.seq].join(' ');
    const begun = first.get(name) ?? time;
    first.set(name, begun);
    longest = Math.max(longest, (time - begun) / 1e6);
  }
  return longest;
}

/**
 * The packets after which more may follow: the attempt's own except ICMP errors, and neighbour requests of a node that holds
 * such a packet, unless it has failed before and asks again for a retransmission. A search that begins later is for something
 * else.
 * @param packets sightings of one attempt so far, in time order
 */
export function inFlight(packets: Sighting[]): Sighting[] {
  const holding = new Map<string, number>();
  const searches = new Map<string, { times: number; last: number }>();
  return packets.filter(({ node, direction, time, frame: { arp, icmp, dstMac } }) => {
    if (!arp) {
      if (direction === 'in') holding.set(node, time);
      else holding.delete(node);
      return icmp?.inner === undefined;
    }
    const since = holding.get(node);
    const name = `${node} ${arp.op === 'reply' ? arp.senderIp : arp.targetIp}`;
    const search = searches.get(name);
    if (arp.op === 'reply') return searches.delete(name) && since !== undefined;
    // A node that probes a known neighbour has already sent the packet (RFC 4861, 7.3.3).
    if (since === undefined || !isGroup(dstMac) || search?.times === MAX_REQUESTS) return false;
    if (time - Math.max(since, search?.last ?? 0) > NEXT_REQUEST_MS * 1e6) return false;
    searches.set(name, { times: (search?.times ?? 0) + 1, last: time });
    return true;
  });
}

/**
 * Whether a node is still resolving the neighbour for a packet that it holds.
 * @param packets those after which more may follow
 */
export function isSearching(packets: Sighting[]): boolean {
  const open = new Set<string>();
  for (const { node, frame } of packets) {
    if (frame.arp?.op === 'request') open.add(`${node} ${frame.arp.targetIp}`);
    if (frame.arp?.op === 'reply') open.delete(`${node} ${frame.arp.senderIp}`);
  }
  return open.size > 0;
}

/** Whether a frame goes to more than one node: broadcast or multicast (IEEE 802.3, 3.2.3). */
function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
