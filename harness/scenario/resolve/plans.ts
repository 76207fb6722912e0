import type { Plan, SourcePosition } from '../../terms/plan.ts';
import { withPredecessors } from '../after.ts';
import type { Scenario } from '../read/read.ts';
import type { Variant } from '../read/read-variant.ts';
import { resolvePlan } from './resolve.ts';
import type { ScenarioFile } from '../schema.ts';
import type { YamlFile } from '../yaml-file.ts';

/** A scenario and its YAML text. */
export interface LoadedScenario {
  scenario: Scenario;
  yaml: YamlFile;
}

/** Parts of a scenario; empty lists mean all. */
export interface Selection {
  variants: string[];
  flows: string[];
  /** Further filter; absent means all. */
  takes?: (scenario: string, variant: string, flow: string) => boolean;
}

/** Plans of the selected variants and flows, including the flows' predecessors. */
export function plansOf({ scenario }: LoadedScenario, selection: Selection): { variant: Variant; plan: Plan }[] {
  const { variants, flows: named, takes = () => true } = selection;
  return scenario.variants
    .filter(({ name }) => variants.length === 0 || variants.includes(name))
    .map((variant) => {
      const plan = resolvePlan(scenario, variant);
      const isTaken = (name: string): boolean => isNamed(named, name) && takes(scenario.name, variant.name, name);
      const { timeline, ...rest } = plan;
      const flows = withPredecessors(
        plan.flows.filter(({ name }) => isTaken(name)),
        plan.flows,
      );
      // Steps depend on one another: if one of their cells is selected, all of them run.
      return {
        variant,
        plan: {
          ...rest,
          flows,
          ...(timeline && stepCells(plan).some(({ name }) => isTaken(name)) ? { timeline } : {}),
        },
      };
    })
    .filter(({ plan }) => cellNames(plan).length > 0);
}

/** Whether a cell is selected by its name or, in steps, its stream's name; without names, all are. */
export function isNamed(named: string[], cell: string): boolean {
  return named.length === 0 || named.some((name) => name === cell || cell.endsWith(`.${name}`));
}

/** The subject of a verdict: a flow, or a stream in a step. */
export interface Cell {
  /** Of a stream in a step: `STEP.STREAM`. */
  name: string;
  at: SourcePosition;
}

/** All cells of a plan: its flows, and its streams in each step. */
export function cellsOf(plan: Plan): Cell[] {
  return [...plan.flows.map(({ name, at }) => ({ name, at })), ...stepCells(plan)];
}

/** Their names. */
export function cellNames(plan: Plan): string[] {
  return cellsOf(plan).map(({ name }) => name);
}

function stepCells({ timeline }: Plan): Cell[] {
  return (timeline?.steps ?? []).flatMap(({ name, expect }) =>
    expect.map(({ stream, at }) => ({ name: `${name}.${stream}`, at })),
  );
}

/** The same for a scenario. */
export function cellNamesOf({ flows, steps }: Pick<ScenarioFile, 'flows' | 'steps'>): string[] {
  const inSteps = Object.entries(steps).flatMap(([step, { expect }]) =>
    Object.keys(expect).map((stream) => `${step}.${stream}`),
  );
  return [...Object.keys(flows), ...inSteps];
}

/** A scenario with only the wanted flows, their predecessors, and the variants that have some; null if none has. */
export function withOnly(
  loaded: LoadedScenario,
  isWanted: (variant: string, flow: string) => boolean,
): LoadedScenario | null {
  const variants = loaded.scenario.variants
    .map((variant) => {
      const { scenario } = variant;
      const all = Object.entries(scenario.flows).map(([name, flow]) => ({ name, after: flow.after, flow }));
      const wanted = withPredecessors(
        all.filter(({ name }) => isWanted(variant.name, name)),
        all,
      );
      const flows = wanted.map(({ name, flow }) => [name, flow] as const);
      const { steps, streams } = scenario;
      const keepsSteps = cellNamesOf({ flows: {}, steps }).some((cell) => isWanted(variant.name, cell));
      const timeline = keepsSteps ? { steps, streams } : { steps: {}, streams: {} };
      return { ...variant, scenario: { ...scenario, flows: Object.fromEntries(flows), ...timeline } };
    })
    .filter(({ scenario }) => cellNamesOf(scenario).length > 0);
  return variants.length === 0 ? null : { ...loaded, scenario: { ...loaded.scenario, variants } };
}
