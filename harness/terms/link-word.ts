/**
 * By what a node knows its end of a link, and how the interface there is named: by the peer, `l2`; several links with one
 * peer are counted in the order of the lab, and the second one is `l2-2`.
 */
export function linkWord(peer: string, number: number): string {
  return number === 1 ? peer : `${peer}-${number}`;
}

/** The same of an interface by its name: the one for a VLAN of a trunk, `l2-2.10`, has the word of the trunk. */
export function wordOf(iface: string): string {
  return iface.split('.')[0]!;
}

/** Which of the links between its node and its peer an interface is at, counted from 1. */
export function linkNumber({ name, peer }: { name: string; peer: string }): number {
  const rest = wordOf(name).slice(peer.length + 1);
  return rest === '' ? 1 : Number(rest);
}
