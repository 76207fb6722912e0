import { EXIT } from '../harness/errors.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import { ROOT } from './project.ts';
import { loadAll } from './load-all.ts';

/** `l4lab list`: what there is to run. */
export function listCommand({ json }: { json: boolean }): Promise<number> {
  const scenarios = loadAll(findScenarios(ROOT, [])).map(({ scenario }) => ({
    name: scenario.name,
    title: scenario.file.title,
    lab: scenario.labName,
    variants: scenario.variants.map(({ name }) => name),
    flows: Object.keys(scenario.file.flows),
  }));
  if (json) process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
  else {
    for (const { name, title, lab, variants, flows } of scenarios) {
      process.stdout.write(
        `${name}  (${lab})\n  ${title}\n  variants: ${variants.join(', ')}\n  flows: ${flows.join(', ')}\n`,
      );
    }
  }
  return Promise.resolve(EXIT.ok);
}
