import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { walkText } from '../reports/content/walk-text.ts';
import { EXIT } from '../harness/errors.ts';
import { outcomeOf } from '../harness/model/matrix.ts';
import { predict } from '../harness/model/predict.ts';
import type { Prediction } from '../harness/terms/walk.ts';
import { plansOf } from '../harness/scenario/plans.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';
import { loadAll } from './load-all.ts';
import { ROOT } from './project.ts';
import { select } from './selection.ts';

/** `l4lab predict`: every flow's walk as the model sees it; needs no Docker. */
export function predictCommand(word: string, options: { variant: string[]; flow: string[] }): Promise<number> {
  const selection = { variants: options.variant, flows: options.flow };
  for (const loaded of select(loadAll(findScenarios(ROOT, [word])), selection)) {
    for (const { plan } of plansOf(loaded, selection)) {
      for (const flow of plan.flows) process.stdout.write(`${describePrediction(flow, plan)}\n`);
    }
  }
  return Promise.resolve(EXIT.ok);
}

/** A flow's outcome and walk, one block for each server that may be picked. */
function describePrediction(flow: FlowPlan, plan: Plan): string {
  const predictions = predict(plan, flow);
  const head = `${plan.scenario} [${plan.variant}] ${flow.name}: ${outcomeOf(predictions)}`;
  return [head, ...predictions.map((prediction) => describeAlternative(prediction, plan))].join('\n');
}

function describeAlternative(prediction: Prediction, plan: Plan): string {
  const { picked, cause } = prediction;
  const title = picked === null ? [] : [`L4 picks ${picked}`];
  const end = cause ? [`fails at ${cause.node}, ${cause.code}: ${say(en, cause.detail)}`] : [];
  return [...title, walkText(prediction, plan).trimEnd(), ...end, ''].join('\n');
}
