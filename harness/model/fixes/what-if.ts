import { stringify } from 'yaml';
import { InputError } from '../../errors.ts';
import type { Counterfactual, FlowResult, ScenarioResult } from '../../terms/results.ts';
import { exchangesOf } from '../../terms/by-name.ts';
import { candidates } from './candidates.ts';
import { counterfactuals } from './counterfactual.ts';
import { moreRecords, onlyHealthyRecords, shorterTtl } from './name-candidates.ts';
import { placesOf } from '../time/predicted-outage.ts';
import { predictions } from '../predict.ts';
import { stepCandidates } from './step-candidates.ts';
import { predictedCells } from '../time/timeline.ts';
import type { LoadedScenario } from '../../scenario/resolve/plans.ts';
import { mergePatch } from '../../scenario/merge-patch.ts';
import type { FlowPlan, Plan } from '../../terms/plan.ts';
import type { StreamPrediction } from '../../terms/stream-prediction.ts';
import type { Prediction } from '../../terms/walk.ts';
import { labWithProfiles } from '../../scenario/profile-settings.ts';
import { readVariant, type Variant } from '../../scenario/read/read-variant.ts';
import { resolvePlan } from '../../scenario/resolve/resolve.ts';

type Change = Record<string, unknown>;

/** Lower limit for steps, because predicting all steps takes longer than one flow. */
const MAX_PAIRS_IN_STEPS = 12;

/**
 * A variant with an additional change; null if the result is invalid. The changes are applied in sequence: merged into
 * one patch, the second one's `null` would no longer remove anything.
 * @param expect replaces the expectation of flows; by default the scenario's
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

/** An expectation that is always valid: those of the scenario may be impossible in a variant, or after a change. */
function anyExpectation({ scenario }: Variant): Change {
  return Object.fromEntries(Object.keys(scenario.flows).map((name) => [name, 'works']));
}

/** Adds fixes to every predicted failure, expected or not. */
export function withCounterfactuals(result: ScenarioResult, loaded: LoadedScenario): ScenarioResult {
  const variants = result.variants.map((of) => {
    const variant = loaded.scenario.variants.find(({ name }) => name === of.name)!;
    const inStep = fixesInSteps({ loaded, variant, plan: of.plan });
    const planAfter = plansAfter({ loaded, variant, plan: of.plan });
    const flows = of.flows.map((seen): FlowResult => {
      const flow = of.plan.flows.find(({ name }) => name === seen.name);
      if (flow === undefined) {
        const helps = seen.disagreement === null ? inStep(seen.name) : [];
        return { ...seen, counterfactuals: helps.map(({ fixes, change, proven }) => ({ fixes, change, proven })) };
      }
      const cause = seen.disagreement === null ? seen.cause : null;
      const helps = fixesFor({ loaded, variant, plan: of.plan, flow, cause }, planAfter);
      return { ...seen, counterfactuals: helps.map(({ fixes, change, proven }) => ({ fixes, change, proven })) };
    });
    return { ...of, flows };
  });
  return { ...result, variants };
}

/** A flow of a variant, and why it failed; null if it did not. */
interface Failure {
  loaded: LoadedScenario;
  variant: Variant;
  plan: Plan;
  flow: FlowPlan;
  cause: FlowResult['cause'];
}

/** The plan after a change; null if the change is invalid. */
type PlanAfter = (change: Change) => Plan | null;

/** Plans of a variant with one more change each; for several flows, because these often fail in the same way. */
function plansAfter({ loaded, variant, plan }: Pick<Failure, 'loaded' | 'variant' | 'plan'>): PlanAfter {
  const selected = new Set(plan.flows.map(({ name }) => name));
  const plans = new Map<string, Plan | null>();
  return (change) => {
    const key = JSON.stringify(change);
    let after = plans.get(key);
    if (after === undefined) {
      const changed = changedVariant(loaded, variant, change, anyExpectation(variant));
      const whole = changed && resolvePlan(loaded.scenario, changed);
      // Initially known neighbours depend on the flows that run.
      after = whole && { ...whole, flows: whole.flows.filter(({ name }) => selected.has(name)) };
      plans.set(key, after);
    }
    return after;
  };
}

/**
 * Changes that would make a failed flow work according to the model, smallest first; runs nothing. Only for failures
 * that the model explains correctly: a wrong prediction proves nothing.
 */
export function fixesFor(
  { loaded, variant, plan, flow, cause }: Failure,
  planAfter: PlanAfter = plansAfter({ loaded, variant, plan }),
): (Counterfactual & { patch: Change })[] {
  if (cause === null) return [];
  const failureIn = (changed: Plan): string | null => {
    const same = changed.flows.find(({ name }) => name === flow.name);
    return firstFailure(same === undefined ? [] : predictions(changed, same));
  };
  const lab = labWithProfiles(loaded.scenario.lab, variant.scenario);
  const failed = { lab, scenario: variant.scenario, plan, cause };
  const tried = [
    ...moreRecords({ ...failed, flow }),
    ...shorterTtl({ ...failed, flow }),
    // In a call by name, either the question or one of the possible calls failed.
    ...exchangesOf(flow).flatMap((exchange) => candidates({ ...failed, flow: exchange })),
    ...onlyHealthyRecords({ ...failed, flow }),
  ];
  return counterfactuals(tried, { planAfter, failureIn }).map(({ fixes, change }) => ({
    fixes,
    change: stringify(change),
    patch: change,
    proven: null,
  }));
}

/**
 * Changes that would keep a stream in a step from failing permanently, or its connections from ending, according to the
 * model: a function of the cell, `STEP.STREAM`. Proposes nothing for outages that end by themselves.
 */
export function fixesInSteps({
  loaded,
  variant,
  plan,
}: Pick<Failure, 'loaded' | 'variant' | 'plan'>): (cell: string) => (Counterfactual & { patch: Change })[] {
  const planAfter = plansAfter({ loaded, variant, plan });
  const outcomes = new WeakMap<Plan, Map<string, StreamPrediction>>();
  const outcomeIn = (changed: Plan, cell: string): StreamPrediction | undefined => {
    let known = outcomes.get(changed);
    if (known === undefined) {
      known = new Map(predictedCells(changed).map(({ name, predicted }) => [name, predicted]));
      outcomes.set(changed, known);
    }
    return known.get(cell);
  };
  return (cell) => {
    const predicted = outcomeIn(plan, cell);
    const stream = plan.timeline?.streams.find(({ name }) => cell.endsWith(`.${name}`));
    if (predicted === undefined || stream === undefined || isWhole(predicted)) return [];
    const places = [
      ...placesOf(predicted.settled ?? []),
      ...(predicted.connections?.cause ? [predicted.connections.cause] : []),
    ];
    const failureIn = (changed: Plan): string | null => {
      const outcome = outcomeIn(changed, cell);
      return outcome !== undefined && isWhole(outcome) ? null : JSON.stringify(outcome ?? null);
    };
    const tried = stepCandidates(plan, stream, places);
    return counterfactuals(tried, { planAfter, failureIn, mostPairs: MAX_PAIRS_IN_STEPS }).map(({ fixes, change }) => ({
      fixes,
      change: stringify(change),
      patch: change,
      proven: null,
    }));
  };
}

/** Whether calls finally work and connections survive, whichever server is selected. */
function isWhole({ settled, connections }: StreamPrediction): boolean {
  return settled?.every(({ outcome }) => outcome === 'works') === true && (connections?.survive ?? 'all') === 'all';
}

/**
 * The first alternative without an answer on the intended path; null if there is none. Ignores that two L4s have one
 * address.
 */
function firstFailure(alternatives: Iterable<Prediction>): string | null {
  let isAny = false;
  for (const one of alternatives) {
    if (one.outcome !== 'works' || one.findings.some(({ code }) => code !== 'two-owners')) return JSON.stringify(one);
    isAny = true;
  }
  return isAny ? null : 'none';
}
