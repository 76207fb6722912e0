import type { Fix } from '../terms/fix.ts';
import type { Prediction } from '../terms/walk.ts';

/** A change to a scenario that might make a flow work. */
export interface Candidate {
  /** One, or two that help only together. */
  fixes: Fix[];
  /** Merge patch (RFC 7396) on the scenario. */
  change: Record<string, unknown>;
}

/**
 * The smallest changes that the model says make a flow work, whichever server is picked: single candidates in the
 * order given, or, if none suffices alone, pairs of them.
 * @param predictWith predictions for the flow after a change; a change that makes no valid scenario gives none
 */
export function counterfactuals(
  candidates: Candidate[],
  predictWith: (change: Record<string, unknown>) => Prediction[],
  merge: (one: Record<string, unknown>, other: Record<string, unknown>) => Record<string, unknown>,
): Candidate[] {
  const helps = ({ change }: Candidate): boolean => worksCleanly(predictWith(change));
  const single = candidates.filter(helps);
  if (single.length > 0) return single;
  return pairs(candidates)
    .map(([a, b]) => ({ fixes: [...a.fixes, ...b.fixes], change: merge(a.change, b.change) }))
    .filter(helps);
}

/** Every alternative gets its answer, and gets it through the L4. */
function worksCleanly(predictions: Prediction[]): boolean {
  return predictions.length > 0 && predictions.every((p) => p.outcome === 'works' && p.findings.length === 0);
}

function pairs<T>(items: T[]): [T, T][] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b): [T, T] => [a, b]));
}
