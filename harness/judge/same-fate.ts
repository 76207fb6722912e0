import type { Frame, Sighting } from '../terms/sighting.ts';

/**
 * Whether the packets of two calls from different ports crossed the same interfaces with the same addresses, as far as
 * they got. Retransmissions are not compared, since they depend on timers. False for calls without packets.
 */
export function sameFate(one: Sighting[], other: Sighting[]): boolean {
  const [a, b] = [crossings(one), crossings(other)];
  return a.size > 0 && a.size === b.size && [...a].every((crossing) => b.has(crossing));
}

function crossings(packets: Sighting[]): Set<string> {
  return new Set(
    packets
      .filter(({ frame }) => !frame.arp)
      .map(({ node, iface, direction, frame }) => [node, iface, direction, ...traits(frame)].join(' ')),
  );
}

function traits({ srcMac, dstMac, ip, tcp, icmp }: Frame): unknown[] {
  const kind = tcp ? [tcp.flags.replace('P', ''), tcp.payloadLength > 0] : [icmp?.type, icmp?.code];
  return [srcMac, dstMac, ip?.src, ip?.dst, ip?.ttl, ...kind];
}
