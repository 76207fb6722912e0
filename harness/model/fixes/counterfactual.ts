import type { Plan } from '../../terms/plan.ts';
import { bothPatches } from '../../scenario/merge-patch.ts';
import type { Candidate, Patch } from './candidate.ts';

/** Evaluation of candidate changes. */
export interface Trial {
  /** The plan after a change; null if the scenario is then invalid. */
  planAfter: (change: Patch) => Plan | null;
  /** How the flow fails, to be compared; null if it works as intended, whichever server is selected. */
  failureIn: (plan: Plan) => string | null;
  /** Maximum number of pairs to try if no single change suffices; absent means the default. */
  mostPairs?: number;
}

/** Maximum number of fixes to show. */
const MAX_SHOWN = 5;
const MOST_PAIRS_SHOWN = 3;
/** Each pair costs a prediction, and most failures without a single fix have no pair either. */
const MAX_PAIRS_TRIED = 150;

/**
 * The smallest changes that make a flow work according to the model: single candidates in the given order, or, if none
 * suffices, pairs. Each changes the plan, no two lead to the same plan, and each contains only necessary parts.
 */
export function counterfactuals(
  candidates: Candidate[],
  { planAfter, failureIn, mostPairs = MAX_PAIRS_TRIED }: Trial,
): Candidate[] {
  const unchanged = planAfter({});
  const before = unchanged && failureIn(unchanged);
  const seen = new Set([substance(unchanged)]);
  /** The plan after a change, if no earlier change led to it. */
  const news = ({ change }: Candidate): Plan | null => {
    const plan = planAfter(change);
    const text = substance(plan);
    if (plan === null || seen.has(text)) return null;
    seen.add(text);
    return plan;
  };
  const helps = (candidate: Candidate): boolean => {
    const plan = news(candidate);
    return plan !== null && failureIn(plan) === null;
  };
  const single: Candidate[] = [];
  const useless: Useless[] = [];
  for (const candidate of candidates) {
    if (single.length === MAX_SHOWN) break;
    const plan = news(candidate);
    if (plan === null) continue;
    const failure = failureIn(plan);
    if (failure === null) single.push(candidate);
    else useless.push({ candidate, hasEffect: failure !== before });
  }
  const found = single.length > 0 ? single : first(MOST_PAIRS_SHOWN, pairs(useless).slice(0, mostPairs), helps);
  return found.map(({ fixes, change }) => {
    if (leaves(change, []).length === 1) return { fixes, change };
    const goal = substance(planAfter(change));
    return { fixes, change: without(change, (less) => substance(planAfter(less)) === goal) };
  });
}

/** Several flows of a variant try the same plans. */
const substances = new WeakMap<Plan, string>();

/** The parts of a plan that affect flows. */
function substance(plan: Plan | null): string {
  if (plan === null) return '';
  let text = substances.get(plan);
  if (text === undefined) {
    const flows = plan.flows.map((flow) => ({ ...flow, at: null, expect: null }));
    text = JSON.stringify({ ...plan, flows });
    substances.set(plan, text);
  }
  return text;
}

/** A change that does not suffice, and whether the flow then fails in another way. */
interface Useless {
  candidate: Candidate;
  hasEffect: boolean;
}

/** Pairs, smaller ones first. Two changes without any effect are none together either. */
function pairs(all: Useless[]): Candidate[] {
  return all
    .flatMap((a, i) => all.slice(i + 1).map((b, j) => ({ a, b, rank: 2 * i + 1 + j })))
    .filter(({ a, b }) => a.hasEffect || b.hasEffect)
    .sort((one, other) => one.rank - other.rank)
    .map(({ a: { candidate: a }, b: { candidate: b } }) => ({
      fixes: [...a.fixes, ...b.fixes],
      change: bothPatches(a.change, b.change) as Patch,
    }));
}

function first<T>(count: number, items: T[], fits: (item: T) => boolean): T[] {
  const found: T[] = [];
  for (const item of items) {
    if (found.length === count) break;
    if (fits(item)) found.push(item);
  }
  return found;
}

/** A patch without unnecessary parts. */
function without(patch: Patch, isEnough: (less: Patch) => boolean): Patch {
  let kept = patch;
  for (const path of leaves(patch, [])) {
    const less = dropped(kept, path);
    if (isEnough(less)) kept = less;
  }
  return kept;
}

/** Paths of everything that a patch sets or removes. */
function leaves(value: unknown, path: string[]): string[][] {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return entries.length === 0 ? [path] : entries.flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function dropped(patch: Patch, [key, ...rest]: string[]): Patch {
  const { [key!]: value, ...others } = patch;
  if (rest.length === 0) return others;
  const less = dropped(value as Patch, rest);
  return Object.keys(less).length === 0 ? others : { ...others, [key!]: less };
}
