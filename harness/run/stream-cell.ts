import type { Fault } from '../terms/fault.ts';
import type { Plan, StreamExpectation, StreamPlan } from '../terms/plan.ts';
import type { FlowResult } from '../terms/results.ts';
import type { StreamPrediction } from '../terms/stream-prediction.ts';
import type { StreamSummary } from '../terms/timeline-results.ts';
import { predictTimeline } from '../model/time/timeline.ts';

/** A stream in a step with an expectation. */
export interface StreamCell {
  name: string;
  step: number;
  stream: StreamPlan;
  expect: StreamExpectation;
  at: FlowResult['at'];
  predicted: StreamPrediction;
}

/** The cells of a plan's timeline, in order of its steps. */
export function streamCells(plan: Plan, predicted = predictTimeline(plan)): StreamCell[] {
  const { timeline } = plan;
  if (timeline === undefined) return [];
  return timeline.steps.flatMap((step, index) =>
    step.expect.map(({ stream: name, expect, at }) => {
      const number = timeline.streams.findIndex((stream) => stream.name === name);
      return {
        name: `${step.name}.${name}`,
        step: index,
        stream: timeline.streams[number]!,
        expect,
        at,
        predicted: predicted[index]![number]!,
      };
    }),
  );
}

/** The description of a cell in results. */
export function describeCell(
  cell: StreamCell,
  plan: Plan,
  summary: StreamSummary,
): Omit<FlowResult, 'verdict' | 'reasons' | 'outcome' | 'cause' | 'disagreement' | 'attempts' | 'durationMs'> {
  const { name, stream, predicted, expect, at } = cell;
  return {
    name,
    stream: { stream: stream.name, step: plan.timeline!.steps[cell.step]!.name, summary, predicted },
    protocol: stream.protocol,
    from: stream.from,
    to: calledBy(stream),
    at,
    expected: expect,
    findings: [],
    predicted: predicted.settled ?? [],
    counterfactuals: [],
    controls: [],
    rerun: `npx l4lab run ${plan.scenario} --variant ${plan.variant} --flow ${name}`,
  };
}

/** What a stream calls, as text. */
export function calledBy({ to, address, port }: StreamPlan): string {
  return `${'service' in to ? to.service : to.node} (${address}:${port})`;
}

/** A cell that could not be run: never passed, never failed. */
export function cellNotRun(cell: StreamCell, plan: Plan, reason: Fault): FlowResult {
  return {
    ...describeCell(cell, plan, { calls: 0, failed: 0, outage: null, causes: [], servedBy: {}, l4: {} }),
    verdict: 'not-run',
    reasons: [reason],
    outcome: null,
    cause: null,
    disagreement: null,
    attempts: [],
    durationMs: 0,
  };
}
