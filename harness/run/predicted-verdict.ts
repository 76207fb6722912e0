import { judgeFlow } from '../judge/verdict.ts';
import { predict } from '../model/predict.ts';
import type { Expectation, FlowPlan, Plan } from '../terms/plan.ts';
import type { Attempt } from '../terms/attempt.ts';
import type { Prediction } from '../terms/walk.ts';

/**
 * Whether a flow would pass if every alternative of its prediction occurred once. Of count expectations only those that
 * no run could meet are judged.
 */
export function wouldPass(flow: FlowPlan, plan: Plan): boolean {
  const attempts = predict(plan, flow).map(attemptOf);
  const expected = { ...flow, expect: withoutCounts(flow.expect) };
  const { verdict } = judgeFlow(expected, plan, { attempts, controls: [], disagreement: null });
  return verdict === 'pass' && mayLose(flow, attempts);
}

/** Whether the expected number of attempts may be lost. */
function mayLose({ expect, repeat }: FlowPlan, attempts: Attempt[]): boolean {
  if (expect.outcome !== 'varies' || expect.lost === undefined) return true;
  const { atLeast = 0, atMost = repeat } = expect.lost;
  const most = attempts.some(({ outcome }) => outcome === 'fails') ? repeat : 0;
  const least = attempts.some(({ outcome }) => outcome === 'works') ? 0 : repeat;
  return atLeast <= most && atMost >= least;
}

function withoutCounts(expect: Expectation): Expectation {
  if (expect.outcome === 'varies') return { ...expect, lost: {} };
  if (expect.outcome !== 'works' || expect.servedBy === undefined) return expect;
  const { servedBy } = expect;
  if ('counts' in servedBy) return { ...expect, servedBy: { only: Object.keys(servedBy.counts) } };
  if ('shares' in servedBy) return { ...expect, servedBy: { only: Object.keys(servedBy.shares) } };
  return 'sameOf' in servedBy ? { ...expect, servedBy: { only: servedBy.sameOf } } : expect;
}

function attemptOf({ request, reply, ...predicted }: Prediction): Attempt {
  return {
    ...predicted,
    token: '',
    sentAgainMs: null,
    client: predicted.outcome === 'works' ? 'answered' : 'no-answer',
    observed: { request, reply },
    packets: [],
    epoch: '0',
    macTables: {},
    counters: {},
    durationMs: 0,
  };
}
