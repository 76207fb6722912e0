import type { Hop, Walk } from '../../../harness/terms/walk.ts';
import { type Crossing, crossings, hopOf, type PeerOf } from '../../content/crossing.ts';

/** One crossing as an arrow on its wire; where prediction and observation agree they share it. */
export interface Lane {
  direction: 'request' | 'reply';
  from: string;
  to: string;
  predicted: boolean;
  observed: Crossing | null;
  /** Place in the observed way, from 1; null where the packet was predicted here and not seen. */
  number: number | null;
  /** First lane at which prediction and observation part. */
  parts: boolean;
}

/** Arrows of a flow, request before reply: the common beginning once, then what was seen and what was predicted instead. Nothing parts where `observed` is null. */
export function lanesOf(observed: Walk | null, predicted: Walk | null, peerOf: PeerOf): Lane[] {
  const request = directionLanes('request', observed?.request ?? null, predicted?.request ?? null, peerOf);
  const reply = directionLanes('reply', observed?.reply ?? null, predicted?.reply ?? null, peerOf);
  let number = 0;
  let parted = false;
  return [...request, ...reply].map((lane) => {
    const parts = lane.parts && !parted;
    parted ||= lane.parts;
    return { ...lane, number: lane.observed ? ++number : null, parts };
  });
}

function directionLanes(
  direction: Lane['direction'],
  seen: Hop[] | null,
  thought: Hop[] | null,
  peerOf: PeerOf,
): Lane[] {
  const real = crossings(seen ?? [], peerOf);
  const paper = thought ? crossings(thought, peerOf) : [];
  const same = (i: number) => {
    const [a, b] = [real[i], paper[i]];
    return a !== undefined && b !== undefined && a.from === b.from && a.to === b.to && sameAddresses(a, b);
  };
  let common = 0;
  while (same(common)) common += 1;
  const differs = seen !== null && thought !== null && (common < real.length || common < paper.length);
  return [
    ...real.map((crossing, i) => ({
      direction,
      from: crossing.from,
      to: crossing.to,
      predicted: i < common,
      observed: crossing,
      number: null,
      parts: differs && i === common,
    })),
    ...paper.slice(common).map(({ from, to }, i) => ({
      direction,
      from,
      to,
      predicted: true,
      observed: null,
      number: null,
      parts: differs && i === 0 && common >= real.length,
    })),
  ];
}

function sameAddresses(a: Crossing, b: Crossing): boolean {
  const [x, y] = [hopOf(a), hopOf(b)];
  return x.src.ip === y.src.ip && x.dst.ip === y.dst.ip;
}
