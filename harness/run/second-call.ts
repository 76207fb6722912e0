import { judgeAttempt } from '../judge/attempt.ts';
import { disagreement } from '../judge/agreement.ts';
import { sameFate } from '../judge/same-fate.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import { serviceOf } from '../scenario/lookup.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import type { Prediction } from '../terms/walk.ts';
import { nextFlowKey } from './flow-key.ts';
import type { PooledLab } from './lab-pool.ts';
import type { Seen } from './observation.ts';
import { NOTHING_QUERIED, type QueriedState } from './query-nodes.ts';
import { WatchedCall } from './watched-call.ts';

/** Calls at once that are to make a scheduler pick the server of the first call again. */
const CALLS_AT_MOST = 4;

/** A call whose packets have come to rest, and what is predicted of it. */
export interface FirstCall {
  flow: FlowPlan;
  key: FlowKey;
  plan: Plan;
  lab: PooledLab;
  predicted: Prediction[];
}

/**
 * Whether a call that vanished did so by no accident: it failed just as predicted, and another call from another port,
 * for which the same server was picked, meets the same fate. Where the two differ, or the prediction allows that the call
 * works yet, only the caller's own repetition can tell.
 */
export async function isNoAccident(
  { flow, key, plan, lab, predicted }: FirstCall,
  seen: Seen,
  query: (seen: Seen) => Promise<QueriedState>,
): Promise<boolean> {
  const attempt = judgeAttempt({ plan, flow, key, client: UNANSWERED, ...seen, ...(await query(seen)) }, 0);
  const mayWork = predicted.some(({ picked, outcome }) => outcome === 'works' && mayBe(picked, attempt.picked));
  if (mayWork || attempt.cause?.code === 'unexplained' || disagreement(attempt, predicted) !== null) return false;
  const times = Math.min(serviceOf(plan, flow)?.pool.length ?? 1, CALLS_AT_MOST);
  const others = await Promise.all(Array.from({ length: times }, () => callAgain(flow, plan, lab)));
  return others.some((other) => other !== null && sameFate(seen.packets, other.packets));
}

function mayBe(predicted: string | null, seen: string | null): boolean {
  return predicted === null || seen === null || predicted === seen;
}

const UNANSWERED = { answered: false, outcome: 'no-answer', servedBy: null, sourceSeen: null } as const;

/** What the packets of one more call did until they were at rest; null where it was answered. */
async function callAgain(flow: FlowPlan, plan: Plan, lab: PooledLab): Promise<Seen | null> {
  const { fired, seen } = await new WatchedCall({
    flow,
    key: nextFlowKey(flow),
    plan,
    lab,
    firstLook: 0,
    ask: () => Promise.resolve(NOTHING_QUERIED),
    untilAtRest: true,
  }).untilDecided();
  return fired.answered ? null : seen;
}
