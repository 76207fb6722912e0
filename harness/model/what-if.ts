import { stringify } from 'yaml';
import { InputError } from '../errors.ts';
import type { Counterfactual, FlowResult, ScenarioResult } from '../terms/results.ts';
import { candidates } from './candidates.ts';
import { counterfactuals } from './counterfactual.ts';
import { predict } from './predict.ts';
import type { LoadedScenario } from '../scenario/plans.ts';
import { mergePatch } from '../scenario/merge-patch.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { readVariant, type Variant } from '../scenario/read.ts';
import { resolvePlan } from '../scenario/resolve.ts';

type Change = Record<string, unknown>;

/**
 * A variant with a further change on top; null when that is no valid scenario. The changes are applied one after the
 * other: merged into one patch, the second one's `null` would no longer remove anything.
 * @param expect replaces the expectation of flows; the scenario's own hold where it says nothing
 */
export function changedVariant(
  { scenario, yaml }: LoadedScenario,
  variant: Variant,
  change: Change,
  expect: Change = {},
): Variant | null {
  const before = { ...yaml, value: mergePatch(yaml.value, variant.change) };
  try {
    const changed = readVariant(variant.name, { title: variant.title, change, expect }, scenario.lab, before);
    return { ...changed, change: mergePatch(variant.change, change) as Change };
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Every failure, expected or not, comes with what would make the flow work. */
export function withCounterfactuals(result: ScenarioResult, loaded: LoadedScenario): ScenarioResult {
  const variants = result.variants.map((of) => {
    const variant = loaded.scenario.variants.find(({ name }) => name === of.name)!;
    const flows = of.flows.map((seen): FlowResult => {
      const flow = of.plan.flows.find(({ name }) => name === seen.name)!;
      const helps = whatWouldHelp({ loaded, variant, plan: of.plan, flow, cause: seen.cause });
      return { ...seen, counterfactuals: helps.map(({ fixes, change, proven }) => ({ fixes, change, proven })) };
    });
    return { ...of, flows };
  });
  return { ...result, variants };
}

/** A flow of a variant, and why it failed: null where it did not. */
interface Failure {
  loaded: LoadedScenario;
  variant: Variant;
  plan: Plan;
  flow: FlowPlan;
  cause: FlowResult['cause'];
}

/** What the model says would make a failed flow work, smallest change first; nothing is run. */
export function whatWouldHelp({ loaded, variant, plan, flow, cause }: Failure): (Counterfactual & { patch: Change })[] {
  if (cause === null) return [];
  const predictWith = (change: Change): ReturnType<typeof predict> => {
    const changed = changedVariant(loaded, variant, change);
    if (!changed) return [];
    const changedPlan = resolvePlan(loaded.scenario, changed);
    const same = changedPlan.flows.find(({ name }) => name === flow.name);
    return same ? predict(changedPlan, same) : [];
  };
  const merge = (one: Change, other: Change): Change => mergePatch(one, other) as Change;
  const tried = candidates({ scenario: variant.scenario, plan, flow, cause });
  return counterfactuals(tried, predictWith, merge).map(({ fixes, change }) => ({
    fixes,
    change: stringify(change),
    patch: change,
    proven: null,
  }));
}
