import { promising, settledBy } from '../judge/complete.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Sighting } from '../observe/sighting.ts';

/**
 * An attempt of which no packet has been seen for so long is over, ms: a lost SYN is repeated after 1,000 ms (RFC 6298).
 * On a busy machine a flow may take long and still go on.
 */
export const SILENCE_MS = { tcp: 1400, udp: 1000, icmp: 1000 } as const;

/** The same, once a request or an answer was repeated: longer than a node waits between two questions for a neighbour, ms. */
export const SILENCE_AFTER_REPETITION_MS = 150;

/**
 * Tells when nothing more is to be expected of an attempt, by what the captures have shown of it so far.
 * @param news all sightings of the attempt so far; null when there are no new ones
 * @param now a clock, ms
 */
export function patience(key: FlowKey, news: () => Sighting[] | null, now: () => number): () => boolean {
  let settled: ReturnType<typeof settledBy> = null;
  let seen = { own: 0, promising: 0 };
  const last = { own: now(), promising: now() };
  return () => {
    const packets = news();
    if (packets) {
      settled = settledBy(packets, key);
      const sees = { own: packets.filter(({ frame }) => !frame.arp).length, promising: promising(packets).length };
      if (sees.own > seen.own) last.own = now();
      if (sees.promising > seen.promising) last.promising = now();
      seen = sees;
    }
    if (settled === 'refused') return true;
    // A repetition that waits for a neighbour may yet be answered.
    if (settled === 'repeated' && now() - last.promising > SILENCE_AFTER_REPETITION_MS) return true;
    return now() - last.own > SILENCE_MS[key.protocol];
  };
}
