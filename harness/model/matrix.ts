import { textTable } from './text-table.ts';
import type { Prediction } from '../terms/walk.ts';

/** One column of a matrix: what the model says of every flow in this variant. */
export interface MatrixColumn {
  variant: string;
  /** By flow name; a flow may be missing from a variant. */
  cells: Map<string, Prediction[]>;
}

/** Flows × variants as text: which flows work in which variant, and why not. */
export function matrix(flows: string[], columns: MatrixColumn[]): string {
  const head = ['flow', ...columns.map(({ variant }) => variant)];
  const rows = flows.map((flow) => [flow, ...columns.map(({ cells }) => outcomeOf(cells.get(flow) ?? []))]);
  return `${textTable([head, ...rows])}\n`;
}

/**
 * The alternatives of one flow in a few words: `works`, `reply-not-from-vip`, or, where they differ,
 * `s1: own-address-as-source, s2: works`.
 */
export function outcomeOf(predictions: Prediction[]): string {
  const byOutcome = new Map<string, string[]>();
  for (const prediction of predictions) {
    const summary = summaryOf(prediction);
    byOutcome.set(summary, [...(byOutcome.get(summary) ?? []), prediction.picked ?? 'no pick']);
  }
  const [only, ...others] = byOutcome.keys();
  if (only === undefined) return '–';
  if (others.length === 0) return only;
  return [...byOutcome].map(([summary, picks]) => `${[...new Set(picks)].join('/')}: ${summary}`).join(', ');
}

function summaryOf({ outcome, cause, findings }: Prediction): string {
  const main = outcome === 'works' ? 'works' : (cause?.code ?? 'fails');
  return findings.length === 0 ? main : `${main} (${findings.join(', ')})`;
}
