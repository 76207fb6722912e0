import type { Plan } from '../terms/plan.ts';
import type { Scenario, Variant } from './read.ts';
import { resolvePlan } from './resolve.ts';
import type { YamlFile } from './yaml-file.ts';

/** A scenario and the text it was read from. */
export interface LoadedScenario {
  scenario: Scenario;
  yaml: YamlFile;
}

/** Parts of a scenario; empty lists mean all. */
export interface Selection {
  variants: string[];
  flows: string[];
  /** Of those, only the ones that this takes; absent means all. */
  takes?: (scenario: string, variant: string, flow: string) => boolean;
}

/** Plans of the selected variants and flows. */
export function plansOf({ scenario }: LoadedScenario, selection: Selection): { variant: Variant; plan: Plan }[] {
  const { variants, flows: named, takes = () => true } = selection;
  return scenario.variants
    .filter(({ name }) => variants.length === 0 || variants.includes(name))
    .map((variant) => {
      const plan = resolvePlan(scenario, variant);
      const flows = plan.flows
        .filter(({ name }) => named.length === 0 || named.includes(name))
        .filter(({ name }) => takes(scenario.name, variant.name, name));
      return { variant, plan: { ...plan, flows } };
    })
    .filter(({ plan }) => plan.flows.length > 0);
}

/** A scenario with those flows alone that are wanted, and the variants that have some; null where none has. */
export function withOnly(
  loaded: LoadedScenario,
  isWanted: (variant: string, flow: string) => boolean,
): LoadedScenario | null {
  const variants = loaded.scenario.variants
    .map((variant) => {
      const flows = Object.entries(variant.scenario.flows).filter(([flow]) => isWanted(variant.name, flow));
      return { ...variant, scenario: { ...variant.scenario, flows: Object.fromEntries(flows) } };
    })
    .filter(({ scenario }) => Object.keys(scenario.flows).length > 0);
  return variants.length === 0 ? null : { ...loaded, scenario: { ...loaded.scenario, variants } };
}
