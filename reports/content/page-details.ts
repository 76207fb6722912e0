import type { FlowResult, VariantResult } from '../../harness/terms/results.ts';
import type { Attempt } from '../../harness/terms/attempt.ts';
import type { CallResult, StreamResult, TimelineResult } from '../../harness/terms/timeline-results.ts';
import type { Hop, Prediction, Question, Walk } from '../../harness/terms/walk.ts';
import type { Sighting } from '../../harness/terms/sighting.ts';
import { type PackedRows, unpackRows } from './pack-rows.ts';

/**
 * Details of a scenario as stored in the page. Data common to all variants is stored together, and hops and
 * packets of all flows are in two tables, so that deflate finds repetitions.
 */
export interface PackedScenario {
  plans: VariantResult['plan'][];
  balancers: VariantResult['balancers'][];
  logs: VariantResult['logs'][];
  variants: PackedVariant[];
  hops: PackedRows;
  /** Times are whole microseconds since the previous packet. */
  packets: PackedRows;
  yaml: Yaml;
}

/** Lines of the scenario's file that declare a flow, by flow; empty without the file. */
export type Yaml = Record<string, { firstLine: number; lines: string[] }>;

/** Range of rows in a table. */
export type Range = [start: number, count: number];

interface PackedVariant extends Omit<VariantResult, 'flows' | 'timeline' | 'plan' | 'balancers' | 'logs'> {
  flows: PackedFlow[];
  timeline?: PackedTimeline;
}

export interface PackedTimeline extends Omit<TimelineResult, 'streams'> {
  streams: (Omit<StreamResult, 'calls' | 'examples'> & {
    /** Rows of `PackedCall`. */
    calls: PackedRows;
    examples: PackedAttempt[];
  })[];
}

/** A call; its start is relative to the previous one. Times are hundredths of a ms. */
export interface PackedCall extends Omit<CallResult, 'beginMs' | 'endMs'> {
  after: number;
  took: number;
}

export interface PackedFlow extends Omit<FlowResult, 'attempts' | 'predicted'> {
  /** Empty for a stream in a step: its attempts are the stream's examples. */
  attempts: PackedAttempt[];
  predicted: (Omit<Prediction, keyof Walk> & PackedWalk)[];
  capture: string | null;
}

/** A walk whose hops are in the table. */
export interface PackedWalk {
  request: Range;
  reply: Range;
  question?: Omit<Question, 'request' | 'reply'> & { request: Range; reply: Range };
}

export interface PackedAttempt extends Omit<Attempt, 'observed' | 'packets'> {
  walk: PackedWalk;
  /** The packets, or the number of an earlier attempt with an equal course. */
  packets: Range | { sameAs: number };
}

/** An attempt as the page shows it: packets of a repeated course are only in results.json. */
export interface PageAttempt extends Attempt {
  /** Earlier attempt with an equal course, which has the packets; null if they are here. */
  sameAs: number | null;
}

export interface PageFlow extends FlowResult {
  attempts: PageAttempt[];
  /** Capture file beside the page; null without one. */
  capture: string | null;
}

export interface PageVariant extends VariantResult {
  flows: PageFlow[];
  timeline?: PageTimeline;
  yaml: Yaml;
}

/** Times are relative to the start of the first step. */
export interface PageTimeline extends TimelineResult {
  streams: PageStream[];
}

/** Calls in the order of their start. */
export interface PageStream extends StreamResult {
  examples: PageAttempt[];
}

/** Unpacks one variant, by its number. */
export function unpackVariant(packed: PackedScenario, number: number): PageVariant {
  const { flows, timeline: packedTimeline, ...variant } = packed.variants[number]!;
  const hopsAt = ([start, count]: Range) => unpackRows(packed.hops, start, count) as Hop[];
  const packetsAt = ([start, count]: Range) => sums(unpackRows(packed.packets, start, count) as Sighting[]);
  const walkOf = ({ request, reply, question }: PackedWalk): Walk => ({
    request: hopsAt(request),
    reply: hopsAt(reply),
    ...(question && {
      question: { ...question, request: hopsAt(question.request), reply: hopsAt(question.reply) },
    }),
  });
  const attemptOf = ({ walk, packets, ...attempt }: PackedAttempt): PageAttempt => ({
    ...attempt,
    observed: walkOf(walk),
    packets: Array.isArray(packets) ? packetsAt(packets) : [],
    sameAs: Array.isArray(packets) ? null : packets.sameAs,
  });
  const timeline = packedTimeline && {
    ...packedTimeline,
    streams: packedTimeline.streams.map(({ calls, examples, ...stream }) => ({
      ...stream,
      calls: callsOf(unpackRows(calls, 0, calls.count) as PackedCall[]),
      examples: examples.map(attemptOf),
    })),
  };
  return {
    ...variant,
    plan: packed.plans[number]!,
    balancers: packed.balancers[number]!,
    logs: packed.logs[number]!,
    yaml: packed.yaml,
    ...(timeline ? { timeline } : {}),
    flows: flows.map((flow) => ({
      ...flow,
      predicted: flow.predicted.map(({ question, ...p }) => ({
        ...p,
        ...walkOf({ ...p, ...(question && { question }) }),
      })),
      attempts: (timeline && examplesIn(timeline, flow)?.attempts) ?? flow.attempts.map(attemptOf),
    })),
  };
}

/** The stream of a cell, the number of its step, and the examples of its calls; null for other flows. */
export function examplesIn(
  { steps, streams }: PageTimeline,
  { stream: cell }: Pick<FlowResult, 'stream'>,
): { stream: PageStream; step: number; numbers: number[]; attempts: PageAttempt[] } | null {
  const stream = streams.find(({ name }) => name === cell?.stream);
  const step = steps.findIndex(({ name }) => name === cell?.step);
  if (!stream || step === -1) return null;
  const numbers = [...new Set(stream.calls.filter((call) => call.step === step).map(({ example }) => example))];
  return { stream, step, numbers, attempts: numbers.map((number) => stream.examples[number]!) };
}

function callsOf(packed: PackedCall[]): CallResult[] {
  let began = 0;
  return packed.map(({ after, took, ...call }) => {
    began += after;
    return { ...call, beginMs: began / 100, endMs: (began + took) / 100 };
  });
}

function sums(packets: Sighting[]): Sighting[] {
  let microseconds = 0;
  return packets.map((packet) => ({ ...packet, time: (microseconds += packet.time) * 1000 }));
}
