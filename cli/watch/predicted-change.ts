import { predict } from '../../harness/model/predict.ts';
import { wouldPass } from '../../harness/run/predicted-verdict.ts';
import { outcomeOf } from '../../reports/content/matrix-text.ts';
import { plural } from '../../reports/content/plural.ts';
import type { Column } from './board.ts';

/**
 * Predicted effect of a change before it is run: a line for each flow that is new or whose predicted outcome differs
 * from the last run's.
 */
function predictedChange({ plan, last }: Column): string[] {
  const before = new Map(last?.flows.map(({ name, predicted }) => [name, outcomeOf(predicted)]));
  return plan.flows.flatMap((flow) => {
    const was = before.get(flow.name);
    const is = outcomeOf(predict(plan, flow));
    if (was === is) return [];
    const change = was === undefined ? is : `${was} → ${is}`;
    return [`[${plan.variant}] ${flow.name}: ${change}${wouldPass(flow, plan) ? '' : ', not as expected'}`];
  });
}

/** Limit on the time for predictions, so that running many variants is not delayed. */
const UNNOTICED_MS = 100;

/** Predictions for several columns, at least the first. @param now ms since any epoch */
export function predictedChanges(columns: Column[], now: () => number = () => performance.now()): string[] {
  const began = now();
  const lines: string[] = [];
  for (const [index, column] of columns.entries()) {
    if (index > 0 && now() - began > UNNOTICED_MS)
      return [...lines, `and ${plural(columns.length - index, 'more variant')}, not predicted`];
    lines.push(...predictedChange(column));
  }
  return lines;
}
