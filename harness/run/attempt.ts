import { judgeAttempt } from '../judge/attempt.ts';
import type { Redirect } from '../judge/taught.ts';
import type { CountersByNode } from '../terms/counters.ts';
import type { Attempt } from '../terms/results.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import type { Prediction } from '../terms/walk.ts';
import { nextFlowKey } from './flow-key.ts';
import { queryNodes, type QueriedState } from './query-nodes.ts';
import type { PooledLab } from './lab-pool.ts';
import type { Seen } from './observation.ts';
import { isNoAccident } from './second-call.ts';
import { WatchedCall } from './watched-call.ts';

/** An attempt that is to work is over by then: to look at it sooner would only take the processor that it needs. */
const LEFT_ALONE_MS = 200;

/** What makes a failure quick to judge; left out where all is to go well, which is not worth the time. */
export interface MayFail {
  /** Reads every node's counters as they were before, to be compared with those after. */
  countersBefore: () => Promise<CountersByNode>;
  predicted: Prediction[];
  /** Redirects that nodes were sent by the flows that this one comes after. */
  taught?: Redirect[];
}

/** Fires a flow once and judges what its packets did. */
export async function runAttempt(flow: FlowPlan, plan: Plan, lab: PooledLab, mayFail?: MayFail): Promise<Attempt> {
  lab.signal?.throwIfAborted();
  const key = nextFlowKey(flow, plan);
  const taught = mayFail?.taught ?? [];
  const before = (await mayFail?.countersBefore()) ?? null;
  const began = performance.now();
  const { fired, seen, queried } = await new WatchedCall({
    flow,
    key,
    plan,
    lab,
    ask: (seen: Seen): Promise<QueriedState> => queryNodes({ plan, flow, ...seen }, lab, before),
    firstLook: mayFail ? began : began + LEFT_ALONE_MS,
    ...(mayFail
      ? {
          isNoAccident: (seen: Seen, query: (seen: Seen) => Promise<QueriedState>) =>
            isNoAccident({ flow, key, plan, lab, predicted: mayFail.predicted, taught }, seen, query),
        }
      : {}),
  }).untilDecided();
  const client = {
    answered: fired.answered,
    outcome: fired.outcome,
    servedBy: fired.answer?.server ?? null,
    sourceSeen: fired.answer?.peer.split(' ')[0] ?? null,
  };
  return judgeAttempt({ plan, flow, key, client, taught, ...seen, ...queried }, performance.now() - began);
}
