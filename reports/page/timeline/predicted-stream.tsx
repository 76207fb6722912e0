import type { StreamPrediction } from '../../../harness/terms/stream-prediction.ts';
import { say } from '../../messages/catalogue.ts';
import { usePage } from '../state/context.ts';

/** The prediction of a stream in a step, why an outage has its bound, and what the model does not know. */
export function PredictedStream({ predicted }: { predicted: StreamPrediction }) {
  const { t } = usePage();
  return (
    <>
      {t.messages.timeline.predicted(predicted)}
      {(predicted.outage?.bounds ?? []).map((bound, i) => (
        <small key={i} class="bound">
          {say(t.messages, bound)}
        </small>
      ))}
      {predicted.unknown.map((unknown, i) => (
        <small key={i} class="unknown">
          ? {say(t.messages, unknown)}
        </small>
      ))}
    </>
  );
}
