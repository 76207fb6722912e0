import type { Attempt, FlowResult } from '../../../harness/terms/results.ts';
import type { Prediction } from '../../../harness/terms/walk.ts';

/**
 * The predicted alternative that an attempt is held against: the one for the server that was picked, and for the address that
 * a name was said to have. Of a stream only
 * calls that go as they do once all has settled have one.
 */
export function predictionFor(
  flow: Pick<FlowResult, 'predicted' | 'stream'>,
  attempt: Pick<Attempt, 'picked' | 'servedBy' | 'outcome' | 'cause' | 'l4' | 'observed'> | null,
): Prediction | null {
  const called = attempt?.observed.question?.addresses[0];
  const ofName = flow.predicted.filter(({ question }) => question?.addresses[0] === called);
  const predicted = flow.stream ? flow.predicted.filter((one) => isSettled(one, attempt)) : ofName;
  const picked = attempt?.picked ?? attempt?.servedBy ?? null;
  return predicted.find((p) => p.picked === picked) ?? predicted[0] ?? flow.predicted[0] ?? null;
}

function isSettled({ outcome, cause, l4 }: Prediction, attempt: Parameters<typeof predictionFor>[1]): boolean {
  if (outcome !== attempt?.outcome) return false;
  return cause ? cause.code === attempt.cause?.code : l4 === attempt.l4;
}
