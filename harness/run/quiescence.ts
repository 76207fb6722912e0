import { isSearching, NEXT_REQUEST_MS, inFlight, settledBy } from '../judge/complete.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Sighting } from '../terms/sighting.ts';

/**
 * An attempt is over after this time without packets, ms: a lost SYN is retransmitted after 1,000 ms (RFC 6298). On a
 * busy machine a flow may take long and still continue.
 */
export const SILENCE_MS = { tcp: 1400, udp: 1000, icmp: 1000 } as const;

/**
 * The same after a retransmission, ms: a packet needs microseconds from node to node, unless a node resolves a
 * neighbour.
 */
export const SILENCE_AFTER_REPETITION_MS = { atRest: 50, searching: NEXT_REQUEST_MS } as const;

/** Sightings of an attempt so far, and the epoch of their times, ns. */
export interface NewPackets {
  packets: Sighting[];
  epoch: string;
}

/**
 * The same if the next retransmission will use what was learned from a loss, ms: the second retransmission of a SYN
 * follows the first after 2,000 ms.
 */
const SILENCE_WHILE_LEARNING_MS = 2400;

/** State of an attempt's packets. */
export interface Quiescence {
  /** Remaining wait in ms, assuming no further packets. */
  left: () => number;
  /** Whether packets were seen, and none is in flight until a retransmission. */
  isAtRest: () => boolean;
}

/**
 * Whether more packets of an attempt may follow, according to the captures so far. On a busy machine a capture may be
 * late: silence is measured from the packets' time stamps.
 * @param newPackets null if nothing is new
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
  // Difference between our clock and the time stamps, estimated from the fastest capture.
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
