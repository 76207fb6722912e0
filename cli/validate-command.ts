import { plural } from '../reports/content/plural.ts';
import { EXIT } from '../harness/errors.ts';
import { cellNames, plansOf } from '../harness/scenario/resolve/plans.ts';
import { findLabs, findScenarios } from '../harness/project/scenario-files.ts';
import type { Project } from '../harness/project/project.ts';
import { loadScenariosAndLabs } from './load-all.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerValidate({ program, inProject }: CommandLine): void {
  program
    .command('validate [names...]')
    .description('check scenarios and labs (default: all) and list every mistake with file, line and column')
    .action((names: string[]) => inProject((project) => validateCommand(project, names)));
}

/**
 * `l4lab validate`: reads everything, including unused labs, and resolves every plan; mistakes are thrown as
 * InputError.
 */
function validateCommand(project: Project, names: string[]): Promise<number> {
  const labFiles = findLabs(project, names);
  const others = names.filter((name) => findLabs(project, [name]).length === 0);
  const scenarioFiles = names.length > 0 && others.length === 0 ? [] : findScenarios(project, others);
  const { scenarios, labs } = loadScenariosAndLabs(project, scenarioFiles, labFiles);
  const plans = scenarios.flatMap((loaded) => plansOf(loaded, { variants: [], flows: [] }));
  const flows = plans.reduce((sum, { plan }) => sum + cellNames(plan).length, 0);
  const read = [
    ...(scenarios.length > 0
      ? [plural(scenarios.length, 'scenario'), plural(plans.length, 'variant'), plural(flows, 'flow')]
      : []),
    ...(labs.length > 0 ? [plural(labs.length, 'lab')] : []),
  ];
  process.stdout.write(`${read.join(', ')}: no mistakes\n`);
  return Promise.resolve(EXIT.ok);
}
