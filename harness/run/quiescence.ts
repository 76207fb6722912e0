import { isSearching, NEXT_REQUEST_MS, inFlight, settledBy } from '../judge/complete.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Sighting } from '../terms/sighting.ts';

/**
 * An attempt of which no packet has been seen for so long is over, ms: a lost SYN is repeated after 1,000 ms (RFC 6298).
 * On a busy machine a flow may take long and still go on.
 */
export const SILENCE_MS = { tcp: 1400, udp: 1000, icmp: 1000 } as const;

/**
 * The same, once a request or an answer was repeated, ms: a packet needs microseconds from node to node, unless one looks
 * for a neighbour.
 */
export const SILENCE_AFTER_REPETITION_MS = { atRest: 50, searching: NEXT_REQUEST_MS } as const;

/** What the captures have shown of an attempt so far: its sightings, and the moment that their times count from, ns. */
export interface NewPackets {
  packets: Sighting[];
  epoch: string;
}

/**
 * The same, once what was learned from a loss is still to be tried by a repetition, ms: the second of a SYN comes 2,000 ms
 * after the first.
 */
const SILENCE_WHILE_LEARNING_MS = 2400;

/** How far an attempt has come to rest. */
export interface Quiescence {
  /** Remaining wait in ms, assuming no further packets. */
  left: () => number;
  /** Whether packets were seen, and none is in flight until a retransmission. */
  isAtRest: () => boolean;
}

/**
 * Whether more packets of an attempt may follow, according to the captures so far. On a busy machine a capture may be late:
 * silence counts from the packets' own time stamps.
 * @param newPackets null when there is nothing new
 * @param now a clock, ms
 * @param teaches see `settledBy`
 */
export function quiescence(
  key: FlowKey,
  newPackets: () => NewPackets | null,
  now: () => number,
  teaches?: (sighting: Sighting) => boolean,
): Quiescence {
  let settled: ReturnType<typeof settledBy> = null;
  let pause: number = SILENCE_AFTER_REPETITION_MS.atRest;
  let isEmpty = true;
  const last = { own: now(), inFlight: now() };
  // By so much our clock is ahead of the stamps, as far as the fastest capture tells.
  let ahead = Infinity;
  const read = (): void => {
    const seen = newPackets();
    if (seen === null || seen.packets.length === 0) return;
    const { packets, epoch } = seen;
    const stamp = (of?: Sighting): number => (of ? Number(BigInt(epoch) / 1000n) / 1000 + of.time / 1e6 : -Infinity);
    const pending = inFlight(packets);
    isEmpty = false;
    ahead = Math.min(ahead, now() - stamp(packets.at(-1)));
    last.own = Math.max(last.own, stamp(packets.findLast(({ frame }) => !frame.arp)) + ahead);
    last.inFlight = Math.max(last.inFlight, stamp(pending.at(-1)) + ahead);
    settled = settledBy(packets, key, teaches);
    pause = SILENCE_AFTER_REPETITION_MS[isSearching(pending) ? 'searching' : 'atRest'];
  };
  const left = (): number => {
    read();
    if (settled === 'refused') return 0;
    const end = last.own + (settled === 'learning' ? SILENCE_WHILE_LEARNING_MS : SILENCE_MS[key.protocol]);
    const endOfRepetition = settled === 'repeated' ? last.inFlight + pause : Infinity;
    return Math.max(0, Math.min(end, endOfRepetition) - now());
  };
  const isAtRest = (): boolean => {
    read();
    return !isEmpty && settled !== 'learning' && now() >= last.inFlight + pause;
  };
  return { left, isAtRest };
}
