import type { Prediction } from '../../harness/terms/walk.ts';
import { nameRuns, runText } from '../messages/names.ts';
import { textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

/** One column of a matrix: predictions of every flow in this variant. */
export interface MatrixColumn {
  variant: string;
  /** By flow name; a flow may be missing from a variant. */
  cells: Map<string, Prediction[]>;
  /** Texts about streams in steps, by `STEP.STREAM`. */
  streams?: Map<string, string>;
}

/** Maximum number of callers with equal results that get separate rows. */
const MAX_SEPARATE = 4;

/**
 * Flows × variants as text: which flows work in which variant, and why not. A table if it fits into the width, else a
 * list of each flow's outcomes with their variants. Many flows with equal outcomes, as seen by their callers, are one.
 * @param width maximum line length in characters
 * @param callers by flow; flows without an entry are not merged
 */
export function matrixText(
  flows: string[],
  columns: MatrixColumn[],
  width: number,
  callers: Map<string, string> = new Map(),
): string {
  const head = ['flow', ...columns.map(({ variant }) => variant)];
  const outcomes = (flow: string, seen = (all: Prediction[]) => all): string[] =>
    columns.map(({ cells, streams }) => streams?.get(flow) ?? outcomeOf(seen(cells.get(flow) ?? [])));
  const alike = new Map<string, string[]>();
  for (const flow of flows) {
    const caller = callers.get(flow);
    const key = caller === undefined ? flow : JSON.stringify(outcomes(flow, (all) => asSeenBy(caller, all)));
    alike.set(key, [...(alike.get(key) ?? []), flow]);
  }
  const rows = [...alike].flatMap(([key, group]) => {
    if (group.length <= MAX_SEPARATE) return group.map((flow) => [flow, ...outcomes(flow)]);
    return [[`${group[0]!} and ${group.length - 1} more`, ...(JSON.parse(key) as string[])]];
  });
  const table = textTable([head, ...rows]);
  if (table.split('\n').every((line) => line.length <= width)) return `${table}\n`;
  return rows.map(([flow, ...outcomes]) => `  ${flow!}\n${outcomeList(outcomes, head.slice(1), width)}`).join('');
}

function outcomeList(outcomes: string[], variants: string[], width: number): string {
  const distinct = [...new Set(outcomes)];
  if (distinct.length === 1) return wrap(`${distinct[0]!}, in all variants`, width, { indent: '    ', hanging: 2 });
  const lines = distinct.map((outcome) => {
    const having = variants.filter((_, index) => outcomes[index] === outcome);
    return wrap(outcome, width, { indent: '    ' }) + wrap(having.join(', '), width, { indent: '        ' });
  });
  return lines.join('');
}

/**
 * The alternatives of one flow in a few words: `works`, `reply-not-from-vip`, or, if they differ,
 * `s1: own-address-as-source, s2: works`.
 */
export function outcomeOf(predictions: Prediction[]): string {
  const byOutcome = new Map<string, string[]>();
  for (const prediction of predictions) {
    const summary = summaryOf(prediction);
    byOutcome.set(summary, [...(byOutcome.get(summary) ?? []), pickOf(prediction, predictions)]);
  }
  const [only, ...others] = byOutcome.keys();
  if (only === undefined) return '–';
  if (others.length === 0) return only;
  const distinct = [...byOutcome].map(([summary, picks]) => ({ summary, picks: [...new Set(picks)] }));
  const isUndecided = new Set(distinct.map(({ picks }) => picks.toSorted().join())).size === 1;
  if (isUndecided) return distinct.map(({ summary }) => summary).join(' or ');
  return distinct.map(({ summary, picks }) => `${folded(picks)}: ${summary}`).join(', ');
}

/** The alternatives; the selected caller is `itself`, and all others are `others` if they do not differ. */
function asSeenBy(caller: string, predictions: Prediction[]): Prediction[] {
  const [own, rest] = [true, false].map((isOwn) => predictions.filter(({ picked }) => (picked === caller) === isOwn));
  const isAlike = own!.length > 0 && new Set(rest!.map(summaryOf)).size === 1;
  return [
    ...own!.map((prediction) => ({ ...prediction, picked: 'itself' })),
    ...rest!.map((prediction) => (isAlike ? { ...prediction, picked: 'others' } : prediction)),
  ];
}

/** The server, and the L4 that picked it if several may. */
function pickOf({ l4, picked }: Prediction, all: Prediction[]): string {
  const among = l4 !== null && new Set(all.map((one) => one.l4)).size > 1 ? l4 : null;
  if (picked === null) return among ?? 'no pick';
  return among === null ? picked : `${among} with ${picked}`;
}

const MOST_NAMED = 4;

/** `s1/s2`, `s1 … s60`; of many names without consecutive numbers, the first few. */
function folded(names: string[]): string {
  const runs = nameRuns(names);
  if (runs.length <= MOST_NAMED) return runs.map(runText).join('/');
  const shown = runs.slice(0, MOST_NAMED - 1);
  return `${shown.map(runText).join('/')} and ${names.length - shown.flat().length} more`;
}

function summaryOf({ outcome, cause, findings }: Prediction): string {
  const main = outcome === 'works' ? 'works' : (cause?.code ?? 'fails');
  return findings.length === 0 ? main : `${main} (${[...new Set(findings.map(({ code }) => code))].join(', ')})`;
}
