import { forwardedTo, judgeAttempt } from '../judge/attempt.ts';
import { disagreement } from '../judge/agreement.ts';
import { sameFate } from '../judge/same-fate.ts';
import type { Redirect } from '../judge/evidence/redirects.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import { hasFollower } from '../scenario/after.ts';
import { serviceOf } from '../scenario/lookup.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import type { Prediction } from '../terms/walk.ts';
import { nextFlowKey } from './flow-key.ts';
import type { PooledLab } from './lab-pool.ts';
import type { Seen } from './observation.ts';
import { NOTHING_QUERIED, type QueriedState } from './query-nodes.ts';
import { WatchedCall } from './watched-call.ts';

/** Maximum number of parallel calls to make a scheduler select the first call's server again. */
const CALLS_AT_MOST = 4;

/**
 * Number of calls that will probably reach an earlier call's server again; 0 if that would be too many, if the flow has
 * a fixed source port (another port is another call, and the same one is in use), or if another flow continues from
 * this one's state.
 * @param picked server of the earlier call; null if no L4 selected one, as far as seen
 */
export function callsUntilSameServer(flow: FlowPlan, plan: Plan, picked: string | null): number {
  if (flow.sourcePort !== undefined || hasFollower(flow, plan.flows)) return 0;
  const service = serviceOf(plan, flow);
  const servers = service?.pool.length ?? 1;
  const configs = plan.nodes.flatMap(({ balancer }) => balancer?.config.services ?? []);
  const remembers = configs.some(
    ({ name, scheduler, persistence }) =>
      name === service?.name && (scheduler === 'source-hash' || persistence !== undefined),
  );
  if (remembers) return 1;
  if (servers <= CALLS_AT_MOST) return servers;
  return picked === null ? CALLS_AT_MOST : 0;
}

/** A call whose packets are at rest, and its prediction. */
export interface FirstCall {
  flow: FlowPlan;
  key: FlowKey;
  plan: Plan;
  lab: PooledLab;
  predicted: Prediction[];
  /** As in `Evidence`. */
  redirects: Redirect[];
}

/**
 * Whether the loss of a call was not accidental: it failed exactly as predicted, and every other call from another port
 * that may have reached the same server fails in the same way. If one differs, or the prediction allows success, only
 * the caller's retransmission can tell.
 */
export async function isReproducible(
  { flow, key, plan, lab, predicted, redirects }: FirstCall,
  seen: Seen,
  query: (seen: Seen) => Promise<QueriedState>,
): Promise<boolean> {
  const times = callsUntilSameServer(flow, plan, forwardedTo({ plan, flow, walk: seen.walk }).picked);
  if (times === 0) return false;
  const attempt = judgeAttempt({ plan, flow, key, client: UNANSWERED, redirects, ...seen, ...(await query(seen)) }, 0);
  const mayWork = predicted.some(({ picked, outcome }) => outcome === 'works' && mayBe(picked, attempt.picked));
  if (mayWork || attempt.cause?.code === 'unexplained' || disagreement(attempt, predicted) !== null) return false;
  const others = await Promise.all(Array.from({ length: times }, () => callAgain(flow, plan, lab)));
  const alike = others.filter(({ picked }) => mayBe(picked, attempt.picked));
  return (
    alike.length > 0 && alike.every(({ answered, seen: { packets } }) => !answered && sameFate(seen.packets, packets))
  );
}

function mayBe(predicted: string | null, seen: string | null): boolean {
  return predicted === null || seen === null || predicted === seen;
}

const UNANSWERED = { answered: false, outcome: 'no-answer', servedBy: null, sourceSeen: null } as const;

/** Makes another call until its packets are at rest; returns its server as far as they show. */
async function callAgain(
  flow: FlowPlan,
  plan: Plan,
  lab: PooledLab,
): Promise<{ answered: boolean; seen: Seen; picked: string | null }> {
  const key = nextFlowKey(flow, plan);
  const ask = (): Promise<QueriedState> => Promise.resolve(NOTHING_QUERIED);
  const call = new WatchedCall({ flow, key, plan, lab, firstLook: 0, ask, untilAtRest: true });
  const { fired, seen } = await call.untilDecided();
  const { picked } = forwardedTo({ plan, flow, walk: seen.walk });
  return { answered: fired.answered, seen, picked };
}
