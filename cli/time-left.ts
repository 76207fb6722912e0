import type { Forecast } from '../harness/run/events.ts';

/**
 * Expected remaining time of a run, ms: the remaining time of all scenarios divided by their parallelism, but at least
 * the longest of them.
 * @param ranMs elapsed time of each started scenario; Infinity once it has ended
 */
export function timeLeft({ expectedMs, atOnce }: Forecast, ranMs: ReadonlyMap<string, number>): number {
  const left = Object.entries(expectedMs).map(([name, ms]) => Math.max(0, ms - (ranMs.get(name) ?? 0)));
  return Math.max(left.reduce((sum, ms) => sum + ms, 0) / atOnce, ...left, 0);
}

/** `40 s`, `3 min`: rounded, so that it does not flicker. */
export function roughly(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 10) return `${seconds} s`;
  return seconds < 100 ? `${Math.ceil(seconds / 5) * 5} s` : `${Math.ceil(seconds / 60)} min`;
}
