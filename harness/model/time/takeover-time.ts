import type { LbService } from '../../../lb/terms/config.ts';
import type { NodePlan, PairPlan } from '../../terms/plan.ts';
import type { Bound } from '../../terms/stream-prediction.ts';

/** Time until a backup takes over without advertisements (Active_Down_Interval of RFC 9568, 6.1). */
export function masterDown({ name, advertMs, members }: PairPlan, master: string): Bound {
  const { priority } = members.find(({ node }) => node === master)!;
  const ms = 3 * advertMs + ((256 - priority) * advertMs) / 256;
  return { code: 'master-down', params: { pair: name, advertMs, ms: Math.ceil(ms) } };
}

/** Maximum time until a silent server is considered down: the last check may just have succeeded. */
export function checkFails({ name: service, check }: LbService): Bound {
  const { intervalMs, timeoutMs, fall } = check;
  const ms = Math.ceil(fall * (longest(check) + timeoutMs));
  return { code: 'check-fails', params: { service, intervalMs, timeoutMs, fall, ms } };
}

/** Maximum time until a recovered server is considered up: the next check may just have been scheduled. */
export function checkPasses({ name: service, check }: LbService): Bound {
  const { intervalMs, timeoutMs, rise } = check;
  const ms = Math.ceil(timeoutMs + rise * longest(check));
  return { code: 'check-passes', params: { service, intervalMs, rise, ms } };
}

function longest({ intervalMs, jitterPercent = 0 }: LbService['check']): number {
  return intervalMs * (1 + jitterPercent / 100);
}

/** When a wrong entry expires, ms. */
export interface Age {
  atLeastMs: number;
  atMostMs: number;
  /** Minimum time since the start of the timeline. */
  notBeforeMs: number;
}

/** Three probes of the neighbour, one second apart (ucast_solicit, retrans_time_ms). */
const PROBES_MS = 3000;
/** Random: half to one and a half times this (base_reachable_time_ms), plus a delay before probing. */
const KERNEL_AGE = { baseMs: 30_000, delayMs: 5000 };
/** Maximum delay of kernel timers. */
const LATE_MS = 500;

/**
 * A node probes a neighbour that it sends to once its entry is older than its age, and broadcasts if it does not
 * answer.
 */
export function neighbourAge({ neighbourAgeMs }: NodePlan): Age {
  const atLeastMs = PROBES_MS - LATE_MS;
  if (neighbourAgeMs !== undefined)
    return { atLeastMs, atMostMs: neighbourAgeMs + PROBES_MS + LATE_MS, notBeforeMs: 0 };
  const { baseMs, delayMs } = KERNEL_AGE;
  return {
    atLeastMs,
    atMostMs: 1.5 * baseMs + delayMs + PROBES_MS + LATE_MS,
    notBeforeMs: baseMs / 2 + delayMs + PROBES_MS,
  };
}

/** A switch forgets a MAC without frames for this time: the last frame may have come well before. */
export function macAge({ macAgeMs = 300_000 }: NodePlan): Age {
  return { atLeastMs: macAgeMs / 2, atMostMs: macAgeMs + LATE_MS, notBeforeMs: macAgeMs / 2 };
}
