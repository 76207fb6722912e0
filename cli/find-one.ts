import type { L4labError } from '../harness/errors.ts';
import { cellNames, plansOf } from '../harness/scenario/resolve/plans.ts';
import { findScenarios, scenarioName } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';
import type { Variant } from '../harness/scenario/read/read-variant.ts';
import { resolvePlan } from '../harness/scenario/resolve/resolve.ts';
import { commandLineError } from './shared/command-line-error.ts';
import { loadAll } from './load-all.ts';
import type { Project } from '../harness/project/project.ts';
import { select } from './selection.ts';

/** One variant of one scenario. */
export interface One {
  loaded: LoadedScenario;
  variant: Variant;
  plan: Plan;
}

/** The file of the only scenario that matches a name. @throws L4labError `invalid-input` with all matches */
export function findOneFile(project: Project, name: string): string {
  const files = findScenarios(project, [name]);
  const names = files.map((file) => scenarioName(project, file));
  const exact = names.indexOf(name);
  if (files.length > 1 && exact < 0) throw ambiguous(`\`${name}\` names`, names);
  return files[Math.max(0, exact)]!;
}

/**
 * @param variantName the first variant when absent
 * @throws L4labError `invalid-input` with the available ones, or all matches
 */
export function findOne(project: Project, name: string, variantName: string | undefined): One {
  return first(loadAll(project, [findOneFile(project, name)]), variantName);
}

/**
 * The same with a flow, or a stream in a step (`STEP.STREAM`, then `flow` is null): a name that matches several
 * scenarios works if only one of them has the flow.
 * @param variantName default: the first variant with the flow
 * @param flowName optional if there is only one flow
 */
export function findOneFlow(
  project: Project,
  name: string,
  variantName: string | undefined,
  flowName: string | undefined,
): One & { cell: string; flow: FlowPlan | null } {
  const scenarios = loadAll(project, findScenarios(project, [name]));
  const plans = scenarios.flatMap((one) => plansOf(one, ALL));
  const names = [...new Set(plans.flatMap(({ plan }) => cellNames(plan)))];
  const cell = flowName ?? names[0]!;
  if (flowName === undefined && names.length > 1) throw commandLineError(`name a flow; flows are ${names.join(', ')}`);
  const one = first(scenarios, variantName, cell);
  return { ...one, cell, flow: one.plan.flows.find((flow) => flow.name === cell) ?? null };
}

const ALL = { variants: [], flows: [] };

function first(scenarios: LoadedScenario[], variantName: string | undefined, flowName?: string): One {
  const listed = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
  const selection = { variants: listed(variantName), flows: listed(flowName) };
  const [loaded, ...others] = select(scenarios, selection);
  if (others.length > 0) {
    const names = [loaded!, ...others].map(({ scenario }) => scenario.name);
    throw ambiguous(`\`${[...listed(variantName), ...listed(flowName)].join(' ')}\` is in`, names);
  }
  const { variant } = plansOf(loaded!, selection)[0]!;
  return { loaded: loaded!, variant, plan: resolvePlan(loaded!.scenario, variant) };
}

function ambiguous(what: string, scenarios: string[]): L4labError {
  return commandLineError(`${what} ${scenarios.length} scenarios; name one of ${scenarios.join(', ')}`);
}
