import { allowsFailure } from '../terms/expectation.ts';
import type { Plan } from '../terms/plan.ts';
import type { Results } from '../terms/results.ts';

/** Previous duration of variants, ms, by `SCENARIO VARIANT`. */
export type Durations = ReadonlyMap<string, number>;

/** Expected durations of plans. */
export interface Lengths {
  of: ReadonlyMap<Plan, number>;
  /** Whether the figures are milliseconds; otherwise relative, because none of the plans has run before. */
  inMs: boolean;
}

/** Each plan is expected to take as long as last time; new plans are estimated relative to the others. */
export function expectedLengths(plans: Plan[], before: Durations): Lengths {
  const last = (plan: Plan): number | undefined => before.get(keyOf(plan.scenario, plan.variant));
  const known = plans.filter((plan) => last(plan) !== undefined);
  const unit = known.length > 0 ? sum(known.map((plan) => last(plan)!)) / sum(known.map(estimate)) : 1;
  return {
    of: new Map(plans.map((plan) => [plan, last(plan) ?? unit * estimate(plan)])),
    inMs: known.length > 0,
  };
}

/** Durations of completed variants. */
export function durationsOf({ scenarios }: Results): Durations {
  return new Map(
    scenarios.flatMap(({ name, variants }) =>
      variants
        .filter(({ flows }) => flows.every(({ verdict }) => verdict !== 'not-run'))
        .map((variant) => [keyOf(name, variant.name), sum(Object.values(variant.timings))] as const),
    ),
  );
}

/** Rough duration of a plan in seconds: configuration, failing flows, steps. */
function estimate({ flows, timeline }: Plan): number {
  const inSteps = sum((timeline?.steps ?? []).map(({ forMs }) => forMs / 1000 + 0.5));
  return 1 + flows.filter(({ expect }) => allowsFailure(expect)).length + inSteps;
}

function keyOf(scenario: string, variant: string): string {
  return `${scenario} ${variant}`;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
