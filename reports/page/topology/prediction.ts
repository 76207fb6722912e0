import type { Attempt, FlowResult } from '../../../harness/terms/results.ts';
import type { Prediction } from '../../../harness/terms/walk.ts';

/** The predicted alternative that an attempt is held against: the one for the server that was picked. */
export function predictionFor(
  flow: Pick<FlowResult, 'predicted'>,
  attempt: Pick<Attempt, 'picked' | 'servedBy'> | null,
): Prediction | null {
  const picked = attempt?.picked ?? attempt?.servedBy ?? null;
  return flow.predicted.find((p) => p.picked === picked) ?? flow.predicted[0] ?? null;
}
