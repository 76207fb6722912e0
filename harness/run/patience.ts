import { isSearching, NEXT_QUESTION_MS, promising, settledBy } from '../judge/complete.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Sighting } from '../observe/sighting.ts';

/**
 * An attempt of which no packet has been seen for so long is over, ms: a lost SYN is repeated after 1,000 ms (RFC 6298).
 * On a busy machine a flow may take long and still go on.
 */
export const SILENCE_MS = { tcp: 1400, udp: 1000, icmp: 1000 } as const;

/**
 * The same, once a request or an answer was repeated, ms: a packet needs microseconds from node to node, unless one looks
 * for a neighbour.
 */
export const SILENCE_AFTER_REPETITION_MS = { atRest: 50, searching: NEXT_QUESTION_MS } as const;

/**
 * Tells how long to wait yet until nothing more is to be expected of an attempt, ms, by what the captures have shown of
 * it so far, if they show no more.
 * @param news all sightings of the attempt so far; null when there are no new ones
 * @param now a clock, ms
 */
export function patience(key: FlowKey, news: () => Sighting[] | null, now: () => number): () => number {
  let settled: ReturnType<typeof settledBy> = null;
  let seen = { own: 0, promising: 0 };
  const last = { own: now(), promising: now() };
  let pause: number = SILENCE_AFTER_REPETITION_MS.atRest;
  return () => {
    const packets = news();
    if (packets) {
      settled = settledBy(packets, key);
      const hopes = promising(packets);
      const sees = { own: packets.filter(({ frame }) => !frame.arp).length, promising: hopes.length };
      pause = SILENCE_AFTER_REPETITION_MS[isSearching(hopes) ? 'searching' : 'atRest'];
      if (sees.own > seen.own) last.own = now();
      if (sees.promising > seen.promising) last.promising = now();
      seen = sees;
    }
    if (settled === 'refused') return 0;
    const end = last.own + SILENCE_MS[key.protocol];
    const endOfRepetition = settled === 'repeated' ? last.promising + pause : Infinity;
    return Math.max(0, Math.min(end, endOfRepetition) - now());
  };
}
