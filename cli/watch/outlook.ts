import { predict } from '../../harness/model/predict.ts';
import { wouldPass } from '../../harness/run/predicted-verdict.ts';
import { outcomeOf } from '../../reports/content/matrix-text.ts';
import type { Column } from './board.ts';

/**
 * What a change is predicted to do, before it is run: a line for each flow whose outcome differs from what was predicted
 * when it last ran, or that is new.
 */
export function outlook({ plan, last }: Column): string[] {
  const before = new Map(last?.flows.map(({ name, predicted }) => [name, outcomeOf(predicted)]));
  return plan.flows.flatMap((flow) => {
    const was = before.get(flow.name);
    const is = outcomeOf(predict(plan, flow));
    if (was === is) return [];
    const change = was === undefined ? is : `${was} → ${is}`;
    return [`[${plan.variant}] ${flow.name}: ${change}${wouldPass(flow, plan) ? '' : ', not as expected'}`];
  });
}
