import { mayBeToFail } from '../terms/expectation.ts';
import type { Plan } from '../terms/plan.ts';
import type { Results } from '../terms/results.ts';

/** How long variants took last time, ms, by `SCENARIO VARIANT`. */
export type Durations = ReadonlyMap<string, number>;

/** How long plans are expected to take. */
export interface Lengths {
  of: ReadonlyMap<Plan, number>;
  /** Whether the figures are milliseconds; they are in no unit where none of the plans ever ran. */
  inMs: boolean;
}

/** Each plan takes as long as last time. One that never ran is likened to those that did. */
export function expectedLengths(plans: Plan[], before: Durations): Lengths {
  const last = (plan: Plan): number | undefined => before.get(keyOf(plan.scenario, plan.variant));
  const known = plans.filter((plan) => last(plan) !== undefined);
  const unit = known.length > 0 ? sum(known.map((plan) => last(plan)!)) / sum(known.map(estimate)) : 1;
  return {
    of: new Map(plans.map((plan) => [plan, last(plan) ?? unit * estimate(plan)])),
    inMs: known.length > 0,
  };
}

/** How long each variant took that ran to its end. */
export function durationsOf({ scenarios }: Results): Durations {
  return new Map(
    scenarios.flatMap(({ name, variants }) =>
      variants
        .filter(({ flows }) => flows.every(({ verdict }) => verdict !== 'not-run'))
        .map((variant) => [keyOf(name, variant.name), sum(Object.values(variant.timings))] as const),
    ),
  );
}

/** How long a plan takes, in about seconds: it is configured, a flow that fails is waited for, and steps last. */
function estimate({ flows, timeline }: Plan): number {
  const inSteps = sum((timeline?.steps ?? []).map(({ forMs }) => forMs / 1000 + 0.5));
  return 1 + flows.filter(({ expect }) => mayBeToFail(expect)).length + inSteps;
}

function keyOf(scenario: string, variant: string): string {
  return `${scenario} ${variant}`;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
