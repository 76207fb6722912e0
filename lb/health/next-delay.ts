import type { LbService } from '../terms/config.ts';

/**
 * Time from the end of a check to the next one, ms: the interval, varied by up to `jitterPercent`, so that checks do
 * not synchronize. `random` is between 0 and 1.
 */
export function nextDelay({ intervalMs, jitterPercent = 0 }: LbService['check'], random: number): number {
  return intervalMs * (1 + ((random * 2 - 1) * jitterPercent) / 100);
}
