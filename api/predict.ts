import { predict as predictFlow } from '../harness/model/predict.ts';
import type { Prediction } from '../harness/terms/walk.ts';
import { chosen, type Choice, type Scenario } from './scenario.ts';

/** What the model says of a flow: one prediction for each server that may be picked. */
export interface PredictedFlow {
  variant: string;
  flow: string;
  predictions: Prediction[];
}

/** Predicts flows of a scenario: their walks, and why those fail that do. Needs no Docker. */
export function predict(scenario: Scenario, choice: Choice = {}): PredictedFlow[] {
  return chosen(scenario, choice).flatMap(({ variant, plan }) =>
    plan.flows.map((flow) => ({ variant: variant.name, flow: flow.name, predictions: predictFlow(plan, flow) })),
  );
}
