import { plural } from '../reports/content/plural.ts';
import { EXIT } from '../harness/errors.ts';
import { plansOf } from '../harness/scenario/plans.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import { ROOT } from './project.ts';
import { loadAll } from './load-all.ts';

/** `l4lab validate`: reads everything and resolves every plan; mistakes come as an InputError. */
export function validateCommand(words: string[]): Promise<number> {
  const scenarios = loadAll(findScenarios(ROOT, words));
  const plans = scenarios.flatMap((loaded) => plansOf(loaded, { variants: [], flows: [] }));
  const flows = plans.reduce((sum, { plan }) => sum + plan.flows.length, 0);
  const read = [plural(scenarios.length, 'scenario'), plural(plans.length, 'variant'), plural(flows, 'flow')];
  process.stdout.write(`${read.join(', ')}: no mistakes\n`);
  return Promise.resolve(EXIT.ok);
}
