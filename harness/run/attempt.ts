import { judgeAttempt } from '../judge/attempt.ts';
import { withCachedAnswer, withQuestion, type Asked } from '../judge/by-name.ts';
import { redirectsIn, type Redirect } from '../judge/evidence/redirects.ts';
import { predict } from '../model/predict.ts';
import { callsOf, newQuestionOf, questionOf } from '../terms/by-name.ts';
import type { CountersByNode } from '../terms/counters.ts';
import type { Attempt } from '../terms/attempt.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import type { Prediction } from '../terms/walk.ts';
import { nextFlowKey } from './flow-key.ts';
import { queryNodes, type QueriedState } from './query-nodes.ts';
import type { PooledLab } from './lab-pool.ts';
import type { Seen } from './observation.ts';
import { isReproducible } from './second-call.ts';
import { WatchedCall } from './watched-call.ts';

/** An attempt that succeeds ends within this time: reading captures earlier would only take CPU time from it. */
const FIRST_LOOK_MS = 200;

/** Data for judging failures quickly; omitted for flows that should succeed, because it takes time. */
export interface MayFail {
  /** Returns every node's counters before the attempt, for comparison. */
  countersBefore: () => Promise<CountersByNode>;
  predicted: Prediction[];
  /** Redirects that nodes received during the preceding flows. */
  redirects?: Redirect[];
}

/** Runs one attempt of a flow and judges it by its packets; a call by name begins with the DNS query. */
export async function runAttempt(flow: FlowPlan, plan: Plan, lab: PooledLab, mayFail?: MayFail): Promise<Attempt> {
  const question = questionOf(flow);
  if (question === null) return runWithoutQuestion(flow, plan, lab, mayFail);
  const asked = await runPart(question, plan, lab, mayFail);
  const [address] = asked.addresses;
  const call = asked.attempt.outcome === 'works' ? callsOf(flow).find((one) => one.address === address) : undefined;
  if (call === undefined) return withQuestion(flow.byName!, asked, null);
  const called = await runExchange(call, plan, lab, mayFail && afterQuestion(mayFail, call, asked, plan));
  return withQuestion(flow.byName!, asked, called.attempt);
}

/** Calls an address, or uses a cached answer: if that fails, a new query shows whether the answer is outdated. */
async function runWithoutQuestion(flow: FlowPlan, plan: Plan, lab: PooledLab, mayFail?: MayFail): Promise<Attempt> {
  if (flow.byName === undefined) return (await runExchange(flow, plan, lab, mayFail)).attempt;
  const { attempt } = await runPart(callsOf(flow)[0]!, plan, lab, mayFail);
  const asked = attempt.outcome === 'works' ? null : await runPart(newQuestionOf(flow)!, plan, lab, mayFail);
  return withCachedAnswer(flow.from, flow.byName, attempt, asked);
}

/** One exchange of a call by name; each has its own prediction. */
function runPart(part: FlowPlan, plan: Plan, lab: PooledLab, mayFail?: MayFail): Promise<Asked> {
  return runExchange(part, plan, lab, mayFail && { ...mayFail, predicted: predict(plan, part) });
}

/** Data for judging the call after its question was answered. */
function afterQuestion(mayFail: MayFail, { address }: FlowPlan, { attempt: { packets } }: Asked, plan: Plan): MayFail {
  return {
    ...mayFail,
    predicted: mayFail.predicted.filter(({ question }) => question?.addresses[0] === address),
    redirects: [...(mayFail.redirects ?? []), ...redirectsIn(packets, plan)],
  };
}

/** One call or one question; only a question returns addresses. */
async function runExchange(flow: FlowPlan, plan: Plan, lab: PooledLab, mayFail?: MayFail): Promise<Asked> {
  lab.signal?.throwIfAborted();
  const key = nextFlowKey(flow, plan);
  const redirects = mayFail?.redirects ?? [];
  const before = (await mayFail?.countersBefore()) ?? null;
  const began = performance.now();
  const { fired, seen, queried } = await new WatchedCall({
    flow,
    key,
    plan,
    lab,
    ask: (seen: Seen): Promise<QueriedState> => queryNodes({ plan, flow, ...seen }, lab, before),
    firstLook: mayFail ? began : began + FIRST_LOOK_MS,
    ...(mayFail
      ? {
          isReproducible: (seen: Seen, query: (seen: Seen) => Promise<QueriedState>) =>
            isReproducible({ flow, key, plan, lab, predicted: mayFail.predicted, redirects }, seen, query),
        }
      : {}),
  }).untilDecided();
  const client = {
    answered: fired.answered,
    outcome: fired.outcome,
    servedBy: fired.answer?.server ?? null,
    sourceSeen: fired.answer?.peer.split(' ')[0] ?? null,
  };
  const attempt = judgeAttempt({ plan, flow, key, client, redirects, ...seen, ...queried }, performance.now() - began);
  return { attempt, addresses: fired.addresses ?? [] };
}
