import type { Frame, Sighting } from '../terms/sighting.ts';

/**
 * The sightings of one transmission, where the same packet was sent several times. NAT and routers leave alone what each
 * transmission gets anew: the IP id and the TCP timestamp. Where there is neither (IPv6 without timestamps, a SYN-ACK
 * without them, an RST), transmissions are told apart by their order.
 * @param first a sighting of the transmission that is wanted
 * @param all sightings of the packet, of any number of transmissions, in time order
 */
export function transmissionOf(first: Sighting, all: Sighting[]): Sighting[] {
  const alike = sameNextHop(
    first,
    all.filter(({ frame }) => isSameTransmission(frame, first.frame)),
  );
  // A loop lowers the TTL: the same frame crosses the same interface once in each transmission.
  const crossings = new Map<string, Sighting[]>();
  for (const sighting of alike) {
    const name = crossingName(sighting);
    crossings.set(name, [...(crossings.get(name) ?? []), sighting]);
  }
  const groups = [...crossings.values()];
  const most = groups.reduce((longest, group) => (group.length > longest.length ? group : longest), []);
  if (most.length < 2) return alike;
  const numbers = new Map(
    groups.flatMap((group) => nearestInOrder(group, most).map((number, index) => [group[index]!, number] as const)),
  );
  return alike.filter((sighting) => numbers.get(sighting) === numbers.get(first));
}

/** What is left where its sender sends the packet to another next hop, since it has learned one meanwhile. */
function sameNextHop(first: Sighting, all: Sighting[]): Sighting[] {
  const { node, iface, direction, time, frame } = first;
  const sent = all.filter(
    (one) =>
      one.node === node &&
      one.iface === iface &&
      one.direction === direction &&
      one.frame.srcMac === frame.srcMac &&
      one.frame.ip?.ttl === frame.ip?.ttl,
  );
  const isElsewhere = (one: Sighting): boolean => one.frame.dstMac !== frame.dstMac;
  if (!sent.some(isElsewhere)) return all;
  const before = sent.findLast((one) => isElsewhere(one) && one.time < time)?.time ?? -Infinity;
  const begin = sent.find((one) => !isElsewhere(one) && one.time > before)!.time;
  const end = sent.find((one) => isElsewhere(one) && one.time > time)?.time ?? Infinity;
  return all.filter((one) => one.time >= begin && one.time < end);
}

/** Whether nothing tells two frames of the same packet apart but the hops that they are at. */
function isSameTransmission(a: Frame, b: Frame): boolean {
  return (a.inside ?? a.ip)?.id === (b.inside ?? b.ip)?.id && a.tcp?.timestamp === b.tcp?.timestamp;
}

function crossingName({ node, iface, direction, frame: { srcMac, dstMac, ip, inside, tcp, udp } }: Sighting): string {
  const ports = tcp ?? udp;
  const ends = [ip?.src, ports?.srcPort, ip?.dst, ports?.dstPort];
  return [node, iface, direction, srcMac, dstMac, ...ends, ip?.ttl, inside?.ttl].join(' ');
}

/**
 * Which transmission each sighting at one interface belongs to, where another interface saw all of them: some were lost
 * on the way, and none overtook another; among what that leaves open, the nearest in time is meant.
 * @param seen in time order, at most as many as `all`
 * @returns places in `all`
 */
function nearestInOrder(seen: Sighting[], all: Sighting[]): number[] {
  let next = 0;
  return seen.map(({ time }, index) => {
    const last = all.length - (seen.length - index);
    const distance = (place: number): number => Math.abs(all[place]!.time - time);
    let nearest = next;
    for (let place = next + 1; place <= last; place++) if (distance(place) < distance(nearest)) nearest = place;
    next = nearest + 1;
    return nearest;
  });
}
