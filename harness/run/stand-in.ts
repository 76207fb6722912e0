import type { Plan } from '../terms/plan.ts';
import type { StreamPrediction } from '../terms/timeline.ts';

export function predictTimeline(plan: Plan): StreamPrediction[][] {
  const { steps, streams } = plan.timeline ?? { steps: [], streams: [] };
  return steps.map(() => streams.map(() => ({ settled: null, outage: null, connections: null, unknown: [] })));
}
