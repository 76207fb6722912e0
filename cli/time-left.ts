import type { Forecast } from '../harness/run/events.ts';

/**
 * How long a run is expected to go on, ms: what is left of all scenarios, shared by those that run at the same time, but
 * no less than the longest of them.
 * @param ranMs for how long each scenario has run that has begun; Infinity once it has ended
 */
export function timeLeft({ expectedMs, atOnce }: Forecast, ranMs: ReadonlyMap<string, number>): number {
  const left = Object.entries(expectedMs).map(([name, ms]) => Math.max(0, ms - (ranMs.get(name) ?? 0)));
  return Math.max(left.reduce((sum, ms) => sum + ms, 0) / atOnce, ...left, 0);
}

/** `40 s`, `3 min`: in steps that do not jump about. */
export function roughly(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 10) return `${seconds} s`;
  return seconds < 100 ? `${Math.ceil(seconds / 5) * 5} s` : `${Math.ceil(seconds / 60)} min`;
}
