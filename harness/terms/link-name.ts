/**
 * A node's name for its end of a link, and for the interface there: the peer, `l2`; several links with one peer are
 * numbered in the order of the lab, so the second one is `l2-2`.
 */
export function linkName(peer: string, number: number): string {
  return number === 1 ? peer : `${peer}-${number}`;
}

/** The same for an interface name: a VLAN interface of a trunk, `l2-2.10`, gives the trunk's name. */
export function linkNameOf(iface: string): string {
  return iface.split('.')[0]!;
}

/** Number of an interface's link among those with the same peer, from 1. */
export function linkNumber({ name, peer }: { name: string; peer: string }): number {
  const rest = linkNameOf(name).slice(peer.length + 1);
  return rest === '' ? 1 : Number(rest);
}
