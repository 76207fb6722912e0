import { InputError } from '../harness/errors.ts';
import { findScenarios, type LoadedScenario } from '../harness/scenario/files.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';
import type { Variant } from '../harness/scenario/read.ts';
import { resolvePlan } from '../harness/scenario/resolve.ts';
import { loadAll } from './load-all.ts';
import { ROOT } from './project.ts';

/** One variant of one scenario, as words on the command line name it. */
export interface One {
  loaded: LoadedScenario;
  variant: Variant;
  plan: Plan;
}

/** @param variantName the first variant when absent. @throws InputError naming what there is */
export function findOne(word: string, variantName: string | undefined): One {
  const loaded = loadAll(findScenarios(ROOT, [word]).slice(0, 1))[0]!;
  const { scenario } = loaded;
  const variant =
    variantName === undefined ? scenario.variants[0] : scenario.variants.find(({ name }) => name === variantName);
  if (!variant)
    throw unknown(
      scenario.name,
      'variant',
      variantName ?? '',
      scenario.variants.map(({ name }) => name),
    );
  return { loaded, variant, plan: resolvePlan(scenario, variant) };
}

/** @throws InputError naming the flows that there are */
export function findFlow(plan: Plan, name: string): FlowPlan {
  const flow = plan.flows.find((f) => f.name === name);
  if (!flow)
    throw unknown(
      plan.scenario,
      'flow',
      name,
      plan.flows.map((f) => f.name),
    );
  return flow;
}

function unknown(scenario: string, kind: string, name: string, known: string[]): InputError {
  return new InputError([
    { file: scenario, line: 1, col: 1, message: `has no ${kind} \`${name}\`; there is ${known.join(', ')}` },
  ]);
}
