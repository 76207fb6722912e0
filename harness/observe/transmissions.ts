import type { Frame, Sighting } from '../terms/sighting.ts';

/**
 * The sightings of one transmission if the same packet was transmitted several times. Transmissions differ in what
 * neither NAT nor routers change: IP id and TCP timestamp. Without both (IPv6 or RST without timestamps), they are
 * distinguished by order.
 * @param first a sighting of the wanted transmission
 * @param all sightings of the packet in any number of transmissions, in time order
 */
export function transmissionOf(first: Sighting, all: Sighting[]): Sighting[] {
  const alike = sameNextHop(
    first,
    all.filter(({ frame }) => isSameTransmission(frame, first.frame)),
  );
  // Since a loop lowers the TTL, the same frame crosses an interface once per transmission.
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

/** Excludes transmissions to another next hop, which the sender has learned meanwhile. */
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

/** Whether two frames of the same packet differ only in their hops. */
function isSameTransmission(a: Frame, b: Frame): boolean {
  return (a.inside ?? a.ip)?.id === (b.inside ?? b.ip)?.id && a.tcp?.timestamp === b.tcp?.timestamp;
}

function crossingName({ node, iface, direction, frame: { srcMac, dstMac, ip, inside, tcp, udp } }: Sighting): string {
  const ports = tcp ?? udp;
  const ends = [ip?.src, ports?.srcPort, ip?.dst, ports?.dstPort];
  return [node, iface, direction, srcMac, dstMac, ...ends, ip?.ttl, inside?.ttl].join(' ');
}

/**
 * Assigns the sightings at one interface to transmissions, all of which were seen at another interface: some were lost
 * and none overtook another; ambiguities are resolved by time.
 * @param seen in time order, at most as many as `all`
 * @returns indices in `all`
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
