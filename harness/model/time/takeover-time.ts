import type { LbService } from '../../../lb/terms/config.ts';
import type { NodePlan, PairPlan } from '../../terms/plan.ts';
import type { Bound } from '../../terms/stream-prediction.ts';

/** How long a backup waits for an advertisement before it takes over (Active_Down_Interval of RFC 9568, 6.1). */
export function masterDown({ name, advertMs, members }: PairPlan, master: string): Bound {
  const { priority } = members.find(({ node }) => node === master)!;
  const ms = 3 * advertMs + ((256 - priority) * advertMs) / 256;
  return { code: 'master-down', params: { pair: name, advertMs, ms: Math.ceil(ms) } };
}

/** How long a server that says nothing is held to be up: the check before may just have gone well. */
export function checkFails({ name: service, check }: LbService): Bound {
  const { intervalMs, timeoutMs, fall } = check;
  const ms = Math.ceil(fall * (longest(check) + timeoutMs));
  return { code: 'check-fails', params: { service, intervalMs, timeoutMs, fall, ms } };
}

/** How long a server that is there again is held to be down: the check before may just be waiting for it. */
export function checkPasses({ name: service, check }: LbService): Bound {
  const { intervalMs, timeoutMs, rise } = check;
  const ms = Math.ceil(timeoutMs + rise * longest(check));
  return { code: 'check-passes', params: { service, intervalMs, rise, ms } };
}

function longest({ intervalMs, jitterPercent = 0 }: LbService['check']): number {
  return intervalMs * (1 + jitterPercent / 100);
}

/** When a node finds out that it is mistaken, ms. */
export interface Age {
  atLeastMs: number;
  atMostMs: number;
  /** Not before the timeline has gone on for so long. */
  notBeforeMs: number;
}

/** Three questions to the neighbour itself, a second apart (ucast_solicit, retrans_time_ms). */
const QUESTIONS_MS = 3000;
/** By chance: half to one and a half of this (base_reachable_time_ms), and some more until it is asked. */
const KERNEL_AGE = { baseMs: 30_000, delayMs: 5000 };
/** Timers of the kernel may be this late. */
const LATE_MS = 500;

/** A node that sends to a neighbour asks it, once that is older than its age, and everybody once it does not answer. */
export function neighbourAge({ neighbourAgeMs }: NodePlan): Age {
  const atLeastMs = QUESTIONS_MS - LATE_MS;
  if (neighbourAgeMs !== undefined)
    return { atLeastMs, atMostMs: neighbourAgeMs + QUESTIONS_MS + LATE_MS, notBeforeMs: 0 };
  const { baseMs, delayMs } = KERNEL_AGE;
  return {
    atLeastMs,
    atMostMs: 1.5 * baseMs + delayMs + QUESTIONS_MS + LATE_MS,
    notBeforeMs: baseMs / 2 + delayMs + QUESTIONS_MS,
  };
}

/** A switch forgets a MAC that it has not heard from for so long: the last frame may have come well before. */
export function macAge({ macAgeMs = 300_000 }: NodePlan): Age {
  return { atLeastMs: macAgeMs / 2, atMostMs: macAgeMs + LATE_MS, notBeforeMs: macAgeMs / 2 };
}
