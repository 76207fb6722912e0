import type { Plan, StepPlan } from '../../harness/terms/plan.ts';
import type { StreamPrediction } from '../../harness/terms/stream-prediction.ts';
import { say } from '../messages/catalogue.ts';
import { en } from '../messages/en.ts';
import { predictionsText } from './predictions-text.ts';
import { wrap } from './wrap.ts';

/**
 * Predictions of a plan's streams by step: the final outcome, what fails before that and for how long, what the model
 * does not know, and walks that differ from those of an earlier step.
 * @param predicted by step, by stream
 * @param isWanted which cells, `STEP.STREAM`, to include
 * @param width maximum line length in characters
 */
export function stepsText(
  plan: Plan,
  predicted: StreamPrediction[][],
  { width, isWanted }: { width: number; isWanted: (cell: string) => boolean },
): string {
  const { streams, steps } = plan.timeline!;
  const seen = new Map<string, string>();
  const blocks = steps.flatMap((step, index) => {
    const wanted = streams.flatMap(({ name }, number) =>
      isWanted(`${step.name}.${name}`) ? [{ name, prediction: predicted[index]![number]! }] : [],
    );
    if (wanted.length === 0) return [];
    const lines = wanted.map(({ name, prediction }) => {
      const walks = predictionsText(prediction.settled ?? [], plan, width);
      const former = seen.get(walks);
      if (former === undefined) seen.set(walks, `${step.name}.${name}`);
      const again = wrap(`same path as in ${former}`, width, { indent: '    ' });
      const shown = walks === '' ? '' : former === undefined ? walks : again;
      return streamText(name, prediction, width) + shown;
    });
    return [wrap(stepTitle(step), width), ...lines];
  });
  return blocks.join('');
}

/** A stream in a step: the outcome, and its basis. */
function streamText(name: string, prediction: StreamPrediction, width: number): string {
  const notes = [...(prediction.outage?.bounds ?? []), ...prediction.unknown];
  return [
    wrap(`${name}: ${en.timeline.predicted(prediction)}`, width, { indent: '  ' }),
    ...notes.map((note) => wrap(say(en, note), width, { indent: '    ' })),
  ].join('');
}

function stepTitle({ name, actions, until, forMs }: StepPlan): string {
  const parts = [
    ...actions.map((action) => en.timeline.action(action)),
    ...(until === undefined ? [] : [en.timeline.awaited(until)]),
    `for ${forMs} ms`,
  ];
  return `${name}: ${parts.join(', ')}`;
}
