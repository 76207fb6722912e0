import { predict as predictFlow } from '../harness/model/predict.ts';
import type { Prediction } from '../harness/terms/walk.ts';
import { chosen, type Choice, type Scenario } from './scenario.ts';

/** Prediction of a flow: one alternative for each server that may be selected. */
export interface PredictedFlow {
  variant: string;
  flow: string;
  predictions: Prediction[];
}

/** Predicts flows of a scenario: walks, and causes of failures. Needs no Docker. */
export function predict(scenario: Scenario, choice: Choice = {}): PredictedFlow[] {
  return chosen(scenario, choice).flatMap(({ variant, plan }) =>
    plan.flows.map((flow) => ({ variant: variant.name, flow: flow.name, predictions: predictFlow(plan, flow) })),
  );
}
