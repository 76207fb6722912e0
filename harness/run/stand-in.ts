import type { ObservedCall } from '../observe/stream-calls.ts';
import type { Plan } from '../terms/plan.ts';
import type { FlowResult, Attempt } from '../terms/results.ts';
import type {
  CallResult,
  StateBand,
  StreamExpectation,
  StreamPlan,
  StreamPrediction,
  StreamSummary,
} from '../terms/timeline.ts';

export interface StreamToJudge {
  /** In force. */
  plan: Plan;
  stream: StreamPlan;
  /** Index of the step. */
  step: number;
  expect: StreamExpectation | null;
  calls: ObservedCall[];
  holders: StateBand[];
  predicted: StreamPrediction;
  timeline: { epoch: string; beginMs: number; endMs: number };
}

export type JudgedStream = Pick<FlowResult, 'verdict' | 'reasons' | 'outcome' | 'cause' | 'disagreement'> & {
  summary: StreamSummary;
  calls: CallResult[];
  examples: Attempt[];
};

export function judgeStream({ calls, step, timeline }: StreamToJudge): JudgedStream {
  const since = (at: number): number => at - Number(BigInt(timeline.epoch) / 1_000_000n);
  const results = calls.map(({ record }): CallResult => ({
    step,
    ...(record.connection === undefined ? {} : { connection: record.connection }),
    beginMs: since(record.beganAt),
    endMs: since(record.endedAt),
    outcome: record.answered ? 'works' : 'fails',
    client: record.outcome,
    servedBy: record.servedBy,
    l4: null,
    cause: null,
    example: 0,
  }));
  const failed = results.filter(({ outcome }) => outcome === 'fails').length;
  return {
    verdict: 'not-run',
    reasons: [],
    outcome: failed > 0 ? 'fails' : 'works',
    cause: null,
    disagreement: null,
    summary: { calls: calls.length, failed, outage: null, causes: [], servedBy: {}, l4: {} },
    calls: results,
    examples: [],
  };
}

export function predictTimeline(plan: Plan): StreamPrediction[][] {
  const { steps, streams } = plan.timeline!;
  return steps.map(() => streams.map(() => ({ settled: null, outage: null, connections: null, unknown: [] })));
}
