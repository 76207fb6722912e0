import type { FlowResult, ScenarioResult } from '../harness/terms/results.ts';
import type { Attempt } from '../harness/terms/attempt.ts';
import type { CallResult, Outage, StreamInStep, TimelineResult } from '../harness/terms/timeline-results.ts';
import type { Hop, Walk } from '../harness/terms/walk.ts';
import type { Sighting } from '../harness/terms/sighting.ts';
import { capturePath } from './captures.ts';
import { packRows } from './content/pack-rows.ts';
import type {
  PackedAttempt,
  PackedCall,
  PackedFlow,
  PackedScenario,
  PackedTimeline,
  PackedWalk,
  Range,
  Yaml,
} from './content/page-details.ts';

/** Packs a scenario; of attempts with an equal course only the first keeps its packets. */
export function packScenario({ name: scenario, variants }: ScenarioResult, yaml: Yaml): PackedScenario {
  const tables: Tables = { hops: [], packets: [] };
  const packed = variants.map(({ name, title, at, change, timings, flows, timeline }) => {
    const beginMs = timeline?.steps[0]?.beginMs ?? 0;
    return {
      name,
      title,
      at,
      change,
      timings,
      ...(timeline ? { timeline: packTimeline(timeline, beginMs, tables) } : {}),
      flows: flows.map((flow) => ({
        ...packFlow(timeline && flow.stream ? packStreamCell(flow, flow.stream, beginMs) : flow, tables),
        capture: capturePath(scenario, name, flow),
      })),
    };
  });
  return {
    plans: variants.map(({ plan }) => plan),
    balancers: variants.map(({ balancers }) => balancers),
    logs: variants.map(({ logs }) => logs),
    variants: packed,
    hops: packRows(tables.hops),
    packets: packRows(tables.packets),
    yaml,
  };
}

interface Tables {
  hops: Hop[];
  packets: Sighting[];
}

function packFlow(flow: FlowResult, { hops, packets }: Tables): Omit<PackedFlow, 'capture'> {
  const firstOf = new Map<string, number>();
  return {
    ...flow,
    predicted: flow.predicted.map(({ question, request, reply, ...p }) => ({
      ...p,
      ...packWalk({ request, reply, ...(question && { question }) }, hops),
    })),
    attempts: flow.attempts.map((attempt, i) => {
      const earlier = firstOf.get(contentOf(attempt));
      firstOf.set(contentOf(attempt), earlier ?? i);
      return packAttempt(attempt, { hops, packets }, earlier);
    }),
  };
}

function packAttempt(attempt: Attempt, { hops, packets: table }: Tables, sameAs?: number): PackedAttempt {
  const { observed, packets, ...rest } = attempt;
  return {
    ...rest,
    walk: packWalk(observed, hops),
    packets: sameAs === undefined ? append(table, differences(packets)) : { sameAs },
  };
}

function packWalk({ request, reply, question }: Walk, hops: Hop[]): PackedWalk {
  return {
    request: append(hops, request),
    reply: append(hops, reply),
    ...(question && {
      question: { ...question, request: append(hops, question.request), reply: append(hops, question.reply) },
    }),
  };
}

/** A stream in a step: its attempts are examples, and the walks of settled calls are its predictions. */
function packStreamCell(flow: FlowResult, cell: StreamInStep, beginMs: number): FlowResult {
  const settled = cell.predicted.settled?.map((prediction) => ({ ...prediction, request: [], reply: [] })) ?? null;
  const { outage } = cell.summary;
  const summary = { ...cell.summary, outage: outage && shifted(outage, beginMs) };
  return { ...flow, attempts: [], stream: { ...cell, summary, predicted: { ...cell.predicted, settled } } };
}

function shifted({ fromMs, toMs, ms }: Outage, beginMs: number): Outage {
  return { fromMs: fromMs - beginMs, toMs: toMs === null ? null : toMs - beginMs, ms };
}

/** A timeline relative to its first step, so that variants can be compared. */
function packTimeline(timeline: TimelineResult, beginMs: number, tables: Tables): PackedTimeline {
  const since = <T extends { beginMs: number; endMs: number }>(part: T): T => ({
    ...part,
    beginMs: part.beginMs - beginMs,
    endMs: part.endMs - beginMs,
  });
  return {
    ...timeline,
    steps: timeline.steps.map((step) => ({ ...since(step), actions: step.actions.map(since) })),
    bands: timeline.bands.map(({ of, spans }) => ({
      of,
      spans: spans.map(({ fromMs, state }) => ({ fromMs: fromMs - beginMs, state })),
    })),
    streams: timeline.streams.map(({ calls, examples, ...stream }) => ({
      ...stream,
      calls: packRows(packCalls(calls.map(since))),
      examples: examples.map((example) => packAttempt(example, tables)),
    })),
  };
}

function packCalls(calls: CallResult[]): PackedCall[] {
  let before = 0;
  return calls
    .toSorted((a, b) => a.beginMs - b.beginMs)
    .map(({ beginMs, endMs, ...call }) => {
      const [began, ended] = [Math.round(beginMs * 100), Math.round(endMs * 100)];
      const after = began - before;
      before = began;
      return { ...call, after, took: ended - began };
    });
}

function contentOf({ outcome, client, cause, servedBy, picked, findings, observed }: Attempt): string {
  const called = observed.question?.addresses[0];
  return JSON.stringify([outcome, client, cause?.code, cause?.node, servedBy, picked, findings, called]);
}

function append<T>(table: T[], rows: T[]): Range {
  const start = table.length;
  for (const row of rows) table.push(row);
  return [start, rows.length];
}

/** Packets without their bytes: those are in the capture file. */
function differences(packets: Sighting[]): Sighting[] {
  const microseconds = packets.map(({ time }) => Math.round(time / 1000));
  return packets.map(({ node, iface, direction, frame }, i) => {
    return { time: microseconds[i]! - (microseconds[i - 1] ?? 0), node, iface, direction, frame };
  });
}
