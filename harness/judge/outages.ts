import type { Outage } from '../terms/timeline-results.ts';

/** A call as outages see it. Times: ms on one clock. */
export interface Timed {
  beginMs: number;
  /** When its answer was there. */
  endMs: number;
  works: boolean;
}

/** An outage, and the calls that failed in it: indices in the order in which calls began. */
export interface FoundOutage extends Outage {
  first: number;
  last: number;
}

/**
 * The outages among calls, in order. One goes from the last success before its first failed call (or the begin of the
 * time) to the first success of a call that began after its last failed one (or the end). Calls that work in between do
 * not end it, as where one server of several is gone: only `calm` of them in a row do.
 * @param calls in the order in which they began
 * @param calm so many calls in a row that work are no chance
 */
export function outagesAmong(calls: Timed[], time: { beginMs: number; endMs: number }, calm: number): FoundOutage[] {
  const runs: { first: number; last: number }[] = [];
  calls.forEach(({ works }, index) => {
    if (works) return;
    const run = runs.at(-1);
    if (run && index - run.last - 1 < calm) run.last = index;
    else runs.push({ first: index, last: index });
  });
  return runs.map(({ first, last }) => {
    const begins = calls[first]!.beginMs;
    let [fromMs, toMs] = [time.beginMs, Infinity];
    calls.forEach(({ works, endMs }, index) => {
      if (works && endMs <= begins) fromMs = Math.max(fromMs, endMs);
      if (works && index > last) toMs = Math.min(toMs, endMs);
    });
    const end = within(time, toMs);
    fromMs = within(time, fromMs);
    return { fromMs, toMs: toMs === Infinity ? null : end, ms: end - fromMs, first, last };
  });
}

/** The longest of some outages; null where there is none. */
export function longest(outages: FoundOutage[]): Outage | null {
  const [found] = outages.toSorted((a, b) => b.ms - a.ms);
  return found ? { fromMs: found.fromMs, toMs: found.toMs, ms: found.ms } : null;
}

function within({ beginMs, endMs }: { beginMs: number; endMs: number }, ms: number): number {
  return Math.min(endMs, Math.max(beginMs, ms));
}
