import { ICMP } from '../observe/decode.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Plan } from '../terms/plan.ts';
import type { Sighting } from '../terms/sighting.ts';

/**
 * After so long a sender sends again what nobody acknowledged, ms: a SYN after 1,000 (RFC 6298); of data Linux probes the
 * tail or repeats the first segment after 200 at the soonest, and then after 200 or 400 more (TCP_RTO_MIN, RFC 8985). The
 * agents repeat a datagram or an echo after 500.
 */
const WAITED_MS = { syn: 900, dataOfTheCaller: 400, dataOfAnyone: 600, datagram: 400 };

/** So often a node asks for a neighbour before it gives up (`mcast_solicit`, ip-sysctl of the kernel). */
const MAX_REQUESTS = 3;

/** Within so long after it got a packet, or asked, a node asks for the neighbour that it looks for, ms: every 100 does it. */
export const NEXT_REQUEST_MS = 120;

/**
 * How far the packets of an attempt settle it: `refused` when the caller rejected the answer (RST) or an ICMP error about
 * its datagram reached it; `repeated` when it sent its request again because nothing came that it takes for an answer, or
 * somebody keeps on sending it the same, which settles it unless the repetition gets through; `learning` while what was
 * learned from a loss has not been tried by a repetition yet.
 * @param packets sightings of one attempt so far, in time order
 * @param teaches whether a sighting changes where its node sends what it repeats
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
    return asked.length > 0 && asked.at(-1)!.time - asked[0]!.time >= WAITED_MS.datagram * 1e6 ? 'repeated' : null;
  }
  const sent = packets.filter(({ direction, frame }) => direction === 'out' && frame.tcp);
  const left = sent.filter(({ node }) => node === key.caller);
  // A router that calls may get its own packets to pass on, with a lower TTL.
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

/** Tells which sightings are ICMP redirects at nodes of a plan that accept them (RFC 792, 4861). */
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
    // A switch floods: the same once out of every port is no repetition. Nor is what comes by again, in a loop or from an L4.
    const { srcMac, dstMac, ip, tcp } = frame;
    const name = [node, iface, srcMac, dstMac, ip!.ttl, ip!.src, ip!.dst, tcp!.seq].join(' ');
    const begun = first.get(name) ?? time;
    first.set(name, begun);
    longest = Math.max(longest, (time - begun) / 1e6);
  }
  return longest;
}

/**
 * The packets after which more may be expected: the attempt's own but for ICMP errors, and the search for a neighbour by a
 * node that holds such a packet, unless it has asked before until it gave up and does so again for a repetition. A search
 * that begins later is for something else.
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
    // Who asks a neighbour whose MAC it knows whether that still holds has sent the packet already (RFC 4861, 7.3.3).
    if (since === undefined || !isGroup(dstMac) || search?.times === MAX_REQUESTS) return false;
    if (time - Math.max(since, search?.last ?? 0) > NEXT_REQUEST_MS * 1e6) return false;
    searches.set(name, { times: (search?.times ?? 0) + 1, last: time });
    return true;
  });
}

/**
 * Whether a node still looks for the neighbour that it holds a packet for.
 * @param packets those that are promising
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
