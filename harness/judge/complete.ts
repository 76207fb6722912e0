import { ICMP } from '../observe/decode.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Sighting } from '../observe/sighting.ts';

/**
 * How far the packets of an attempt settle it: `refused` when the caller rejected the answer (RST) or an ICMP error about
 * its datagram reached it; `repeated` when it sent its request again because nothing came that it takes for an answer,
 * which settles it unless the repetition is answered.
 * @param packets sightings of one attempt so far, in time order
 */
export function settledBy(packets: Sighting[], key: FlowKey): 'refused' | 'repeated' | null {
  const isError = ({ node, direction, frame }: Sighting): boolean =>
    node === key.caller && direction === 'in' && frame.icmp?.inner !== undefined && frame.icmp.type !== ICMP.redirect;
  if (key.protocol === 'udp' && packets.some(isError)) return 'refused';
  const left = packets.filter(({ node, direction, frame }) => node === key.caller && direction === 'out' && frame.tcp);
  // A router that calls may get its own packets to pass on, with a lower TTL.
  const sent = left.filter(({ frame }) => frame.ip?.ttl === left[0]!.frame.ip?.ttl);
  if (sent.some(({ frame }) => frame.tcp!.flags.includes('R'))) return 'refused';
  const repeated = (flags: RegExp, times: number): boolean => {
    const count = new Map<string, number>();
    for (const { iface, frame } of sent) {
      const { seq, flags: own, payloadLength } = frame.tcp!;
      if (!flags.test(own) || (own !== 'S' && payloadLength === 0)) continue;
      // A switch that calls may flood: the same once out of every port is no repetition.
      count.set(`${iface} ${seq}`, (count.get(`${iface} ${seq}`) ?? 0) + 1);
    }
    return [...count.values()].some((n) => n >= times);
  };
  return repeated(/^S$/, 2) || repeated(/A/, 3) ? 'repeated' : null;
}
