import type { FlowResult } from '../../../harness/terms/results.ts';
import type { Attempt } from '../../../harness/terms/attempt.ts';
import type { Prediction } from '../../../harness/terms/walk.ts';

/**
 * The predicted alternative to compare an attempt with: the one for the selected server, and for the address
 * that DNS returned. Calls of a stream have one only if they behave like calls in the settled state.
 */
export function predictionFor(
  flow: Pick<FlowResult, 'predicted' | 'stream'>,
  attempt: Pick<Attempt, 'picked' | 'servedBy' | 'outcome' | 'cause' | 'l4' | 'observed'> | null,
): Prediction | null {
  const all = flow.stream ? flow.predicted.filter((one) => isSettled(one, attempt)) : flow.predicted;
  const called = attempt?.observed.question?.addresses[0];
  const ofAnswer = all.filter(({ question }) => question?.addresses[0] === called);
  const predicted = ofAnswer.length > 0 ? ofAnswer : all;
  const picked = attempt?.picked ?? attempt?.servedBy ?? null;
  return predicted.find((p) => p.picked === picked) ?? predicted[0] ?? null;
}

function isSettled({ outcome, cause, l4 }: Prediction, attempt: Parameters<typeof predictionFor>[1]): boolean {
  if (outcome !== attempt?.outcome) return false;
  return cause ? cause.code === attempt.cause?.code : l4 === attempt.l4;
}
