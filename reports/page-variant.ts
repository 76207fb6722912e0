import type { Attempt, FlowResult, VariantResult } from '../harness/judge/results.ts';
import type { Hop, Prediction } from '../harness/model/walk.ts';
import type { Sighting } from '../harness/observe/sighting.ts';
import { type PackedRows, packRows, unpackRows } from './pack-rows.ts';

/** Details of a variant as the page carries them: hops and packets of all its flows in two tables. */
export interface PackedVariant extends Omit<VariantResult, 'flows'> {
  flows: PackedFlow[];
  hops: PackedRows;
  /** Times are differences to the packet before. */
  packets: PackedRows;
  /** Text of the YAML lines around each flow's declaration, by flow; empty where the file was not given. */
  yaml: Record<string, YamlExcerpt>;
}

/** Some lines of a scenario file. */
export interface YamlExcerpt {
  /** Number of the first line. */
  firstLine: number;
  lines: string[];
}

type Range = [start: number, count: number];

interface PackedFlow extends Omit<FlowResult, 'attempts' | 'predicted'> {
  attempts: PackedAttempt[];
  predicted: (Omit<Prediction, 'request' | 'reply'> & { request: Range; reply: Range })[];
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
}

export interface PageVariant extends VariantResult {
  flows: PageFlow[];
  yaml: Record<string, YamlExcerpt>;
}

/** Packs a variant; of attempts that tell the same story only the first keeps its packets. */
export function packVariant(variant: VariantResult, yaml: Record<string, YamlExcerpt>): PackedVariant {
  const hops: Hop[] = [];
  const packets: Sighting[] = [];
  const flows = variant.flows.map((flow): PackedFlow => {
    const told = new Map<string, number>();
    return {
      ...flow,
      predicted: flow.predicted.map((p) => ({ ...p, request: append(hops, p.request), reply: append(hops, p.reply) })),
      attempts: flow.attempts.map(({ observed, packets: seen, ...attempt }, i) => {
        const earlier = told.get(storyOf(attempt));
        told.set(storyOf(attempt), earlier ?? i);
        return {
          ...attempt,
          request: append(hops, observed.request),
          reply: append(hops, observed.reply),
          packets: earlier === undefined ? append(packets, differences(seen)) : { sameAs: earlier },
        };
      }),
    };
  });
  return { ...variant, flows, hops: packRows(hops), packets: packRows(packets), yaml };
}

/** The variant with its tables laid out again. */
export function unpackVariant({ hops, packets, ...variant }: PackedVariant): PageVariant {
  const hopsAt = ([start, count]: Range) => unpackRows(hops, start, count) as Hop[];
  return {
    ...variant,
    flows: variant.flows.map((flow) => ({
      ...flow,
      predicted: flow.predicted.map((p) => ({ ...p, request: hopsAt(p.request), reply: hopsAt(p.reply) })),
      attempts: flow.attempts.map(({ request, reply, packets: seen, ...attempt }) => ({
        ...attempt,
        observed: { request: hopsAt(request), reply: hopsAt(reply) },
        packets: Array.isArray(seen) ? sums(unpackRows(packets, ...seen) as Sighting[]) : [],
        sameAs: Array.isArray(seen) ? null : seen.sameAs,
      })),
    })),
  };
}

function storyOf({
  outcome,
  client,
  cause,
  servedBy,
  picked,
  findings,
}: Omit<Attempt, 'observed' | 'packets'>): string {
  return JSON.stringify([outcome, client, cause?.code, cause?.node, servedBy, picked, findings]);
}

function append<T>(table: T[], rows: T[]): Range {
  const start = table.length;
  for (const row of rows) table.push(row);
  return [start, rows.length];
}

function differences(packets: Sighting[]): Sighting[] {
  return packets.map((packet, i) => ({ ...packet, time: packet.time - (packets[i - 1]?.time ?? 0) }));
}

function sums(packets: Sighting[]): Sighting[] {
  let time = 0;
  return packets.map((packet) => ({ ...packet, time: (time += packet.time) }));
}
