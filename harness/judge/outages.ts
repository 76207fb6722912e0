import type { Outage } from '../terms/timeline-results.ts';

/** The fields of a call that outages depend on. Times: ms on one clock. */
export interface Timed {
  beginMs: number;
  /** When its answer arrived. */
  endMs: number;
  works: boolean;
}

/** An outage and the calls that failed in it: indices in order of their start. */
export interface FoundOutage extends Outage {
  first: number;
  last: number;
}

/**
 * The outages among calls, in order. An outage lasts from the last success before its first failed call (or the start)
 * to the first success of a call that began after its last failed one (or the end). Single successes in between do not
 * end it, since one of several servers may be gone: only `calm` consecutive ones do.
 * @param calls in order of their start
 * @param calm number of consecutive successes that are no coincidence
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

/** The longest outage, or null. */
export function longest(outages: FoundOutage[]): Outage | null {
  const [found] = outages.toSorted((a, b) => b.ms - a.ms);
  return found ? { fromMs: found.fromMs, toMs: found.toMs, ms: found.ms } : null;
}

function within({ beginMs, endMs }: { beginMs: number; endMs: number }, ms: number): number {
  return Math.min(endMs, Math.max(beginMs, ms));
}
