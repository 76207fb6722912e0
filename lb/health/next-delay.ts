import type { LbService } from '../terms/config.ts';

/**
 * Time from the end of a check to the next one, ms: the interval, made longer or shorter by up to `jitterPercent`, so
 * that many checks do not march in step. `random` is from 0 to 1.
 */
export function nextDelay({ intervalMs, jitterPercent = 0 }: LbService['check'], random: number): number {
  return intervalMs * (1 + ((random * 2 - 1) * jitterPercent) / 100);
}
