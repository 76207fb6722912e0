import { ICMP } from '../observe/decode.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Sighting } from '../observe/sighting.ts';

/** So often a segment of data was sent when its sender has waited in vain for 850 ms, and the caller for 200 ms. */
const SENDINGS = { ofAnyone: 4, ofTheCaller: 3 };

/** So often a node asks for a neighbour before it gives up (`mcast_solicit`, ip-sysctl of the kernel). */
const QUESTIONS = 3;

/**
 * How far the packets of an attempt settle it: `refused` when the caller rejected the answer (RST) or an ICMP error about
 * its datagram reached it; `repeated` when it sent its request again because nothing came that it takes for an answer, or
 * somebody keeps on sending it the same, which settles it unless the repetition gets through.
 * @param packets sightings of one attempt so far, in time order
 */
export function settledBy(packets: Sighting[], key: FlowKey): 'refused' | 'repeated' | null {
  const isError = ({ node, direction, frame }: Sighting): boolean =>
    node === key.caller && direction === 'in' && frame.icmp?.inner !== undefined && frame.icmp.type !== ICMP.redirect;
  if (key.protocol === 'udp' && packets.some(isError)) return 'refused';
  const sent = packets.filter(({ direction, frame }) => direction === 'out' && frame.tcp);
  const left = sent.filter(({ node }) => node === key.caller);
  // A router that calls may get its own packets to pass on, with a lower TTL.
  const own = left.filter(({ frame }) => frame.ip?.ttl === left[0]!.frame.ip?.ttl);
  if (own.some(({ frame }) => frame.tcp!.flags.includes('R'))) return 'refused';
  const data = ({ frame }: Sighting): boolean => frame.tcp!.payloadLength > 0;
  const isRepeated =
    sendings(own.filter(({ frame }) => frame.tcp!.flags === 'S')) >= 2 ||
    sendings(own.filter(data)) >= SENDINGS.ofTheCaller ||
    sendings(sent.filter(data)) >= SENDINGS.ofAnyone;
  return isRepeated ? 'repeated' : null;
}

/** How often the segment was sent that was sent most often. */
function sendings(sent: Sighting[]): number {
  const count = new Map<string, number>();
  for (const { node, iface, frame } of sent) {
    // A switch floods: the same once out of every port is no repetition. Nor is what comes by again, in a loop or from an L4.
    const { srcMac, dstMac, ip, tcp } = frame;
    const name = [node, iface, srcMac, dstMac, ip!.ttl, ip!.src, ip!.dst, tcp!.seq].join(' ');
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  return Math.max(0, ...count.values());
}

/**
 * The packets after which more may be expected: the attempt's own but for ICMP errors, and questions for a neighbour by
 * a node that holds such a packet, unless it has asked before until it gave up and does so again for a repetition.
 * @param packets sightings of one attempt so far, in time order
 */
export function promising(packets: Sighting[]): Sighting[] {
  const holders = new Map<string, boolean>();
  const asked = new Map<string, number>();
  return packets.filter(({ node, direction, frame: { arp, icmp } }) => {
    if (!arp) {
      holders.set(node, direction === 'in');
      return icmp?.inner === undefined;
    }
    const name = `${node} ${arp.op === 'reply' ? arp.senderIp : arp.targetIp}`;
    const times = arp.op === 'reply' ? 0 : (asked.get(name) ?? 0) + 1;
    asked.set(name, times);
    return holders.get(node) === true && times <= QUESTIONS;
  });
}
