import type { Attempt, FlowResult, VariantResult } from '../../harness/terms/results.ts';
import type { Hop, Prediction } from '../../harness/terms/walk.ts';
import type { Sighting } from '../../harness/terms/sighting.ts';
import { type PackedRows, unpackRows } from './pack-rows.ts';

/**
 * Details of a scenario as the page carries them. What is alike in all variants stands together, and hops and
 * packets of all flows are in two tables, so that deflate finds what repeats.
 */
export interface PackedScenario {
  plans: VariantResult['plan'][];
  balancers: VariantResult['balancers'][];
  logs: VariantResult['logs'][];
  variants: PackedVariant[];
  hops: PackedRows;
  /** Times are whole microseconds since the packet before. */
  packets: PackedRows;
  yaml: Yaml;
}

/** Lines of the scenario's file that declare a flow, by flow; empty where the file was not given. */
export type Yaml = Record<string, { firstLine: number; lines: string[] }>;

/** Place of some rows in a table. */
export type Range = [start: number, count: number];

interface PackedVariant extends Omit<VariantResult, 'flows' | 'plan' | 'balancers' | 'logs'> {
  flows: PackedFlow[];
}

export interface PackedFlow extends Omit<FlowResult, 'attempts' | 'predicted'> {
  attempts: PackedAttempt[];
  predicted: (Omit<Prediction, 'request' | 'reply'> & { request: Range; reply: Range })[];
  capture: string | null;
}

interface PackedAttempt extends Omit<Attempt, 'observed' | 'packets'> {
  request: Range;
  reply: Range;
  /** The packets, or the number of an earlier attempt that tells the same story. */
  packets: Range | { sameAs: number };
}

/** An attempt as the page shows it: packets of a repeated story are left to results.json. */
export interface PageAttempt extends Attempt {
  /** Earlier attempt with the same story, whose packets the page carries; null where these are here. */
  sameAs: number | null;
}

export interface PageFlow extends FlowResult {
  attempts: PageAttempt[];
  /** Capture file beside the page; null where the flow has none. */
  capture: string | null;
}

export interface PageVariant extends VariantResult {
  flows: PageFlow[];
  yaml: Yaml;
}

/** One variant, by its number, with its tables laid out again. */
export function unpackVariant(packed: PackedScenario, number: number): PageVariant {
  const { flows, ...variant } = packed.variants[number]!;
  const hopsAt = ([start, count]: Range) => unpackRows(packed.hops, start, count) as Hop[];
  const packetsAt = ([start, count]: Range) => sums(unpackRows(packed.packets, start, count) as Sighting[]);
  return {
    ...variant,
    plan: packed.plans[number]!,
    balancers: packed.balancers[number]!,
    logs: packed.logs[number]!,
    yaml: packed.yaml,
    flows: flows.map((flow) => ({
      ...flow,
      predicted: flow.predicted.map((p) => ({ ...p, request: hopsAt(p.request), reply: hopsAt(p.reply) })),
      attempts: flow.attempts.map(({ request, reply, packets, ...attempt }) => ({
        ...attempt,
        observed: { request: hopsAt(request), reply: hopsAt(reply) },
        packets: Array.isArray(packets) ? packetsAt(packets) : [],
        sameAs: Array.isArray(packets) ? null : packets.sameAs,
      })),
    })),
  };
}

function sums(packets: Sighting[]): Sighting[] {
  let microseconds = 0;
  return packets.map((packet) => ({ ...packet, time: (microseconds += packet.time) * 1000 }));
}
