import type { Hop } from '../../harness/terms/walk.ts';
import { linkNumber, linkNameOf } from '../../harness/terms/link-name.ts';
import { trunkVlan } from '../../harness/terms/trunk-interface.ts';
import type { Look } from './loops.ts';

/** A packet on one wire: seen leaving a node, arriving at the next one, or both. */
export interface Crossing {
  from: string;
  to: string;
  /** Null if the packet was not seen leaving. */
  out: Hop | null;
  /** Null if it left but never arrived. */
  in: Hop | null;
}

/** Node at the other end of an interface. */
export type PeerOf = (node: string, iface: string) => string | null;

/** The wires that a packet crossed, in order; `lo` is inside one node. */
export function crossings(hops: Hop[], peerOf: PeerOf): Crossing[] {
  const found: Crossing[] = [];
  hops.forEach((hop, i) => {
    const peer = hop.iface === 'lo' ? hop.node : (peerOf(hop.node, hop.iface) ?? '?');
    const previous = hops[i - 1];
    if (hop.direction === 'out') {
      found.push({ from: hop.node, to: peer, out: hop, in: null });
    } else if (previous?.direction === 'out' && found.at(-1)?.to === hop.node && found.at(-1)?.from === peer) {
      found.at(-1)!.in = hop;
    } else {
      found.push({ from: peer, to: hop.node, out: null, in: hop });
    }
  });
  return found;
}

/** Which of the links between its two nodes a packet crossed, counted from 1. */
export function linkOf(crossing: Crossing): number {
  const { node, iface } = hopOf(crossing);
  const peer = node === crossing.from ? crossing.to : crossing.from;
  return iface === 'lo' ? 1 : linkNumber({ name: iface, peer });
}

/** Distinguishes a packet's wire from others between the same nodes: interface and VLAN. */
export function wireNotes(crossing: Crossing): string[] {
  const { iface } = hopOf(crossing);
  const vlan = trunkVlan(iface);
  return [...(linkOf(crossing) === 1 ? [] : [linkNameOf(iface)]), ...(vlan === null ? [] : [`VLAN ${vlan}`])];
}

/** The hop that shows a crossing's addresses. */
export function hopOf(crossing: Crossing): Hop {
  return (crossing.out ?? crossing.in)!;
}

/** What the sending node changed, together with what changed on the wire. */
export function changesOf(crossing: Crossing): Hop['changed'] {
  return [...(crossing.out?.changed ?? []), ...(crossing.in?.changed ?? [])];
}

/** Equal for crossings of the same wire in different rounds of a loop. */
export function lookOf(crossing: Crossing): Look {
  const { src, dst, ttl, inside } = hopOf(crossing);
  const key = [crossing.from, crossing.to, linkOf(crossing), src.ip, src.port, dst.ip, dst.port];
  return { key, ttl: inside?.ttl ?? ttl };
}
