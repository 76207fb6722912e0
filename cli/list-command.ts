import { wrap } from '../reports/content/wrap.ts';
import { EXIT, InputError } from '../harness/errors.ts';
import { findScenarios, loadScenario } from '../harness/project/scenario-files.ts';
import { ROOT } from './project.ts';
import { loadEach } from './load-all.ts';
import { lineWidth } from './terminal.ts';

/** `l4lab list`: what there is to run. A file with mistakes hides none of the others. */
export function listCommand(words: string[], { json }: { json: boolean }): Promise<number> {
  const { loaded, mistakes } = loadEach(findScenarios(ROOT, words), loadScenario);
  const scenarios = loaded.map(({ scenario }) => ({
    name: scenario.name,
    title: scenario.file.title,
    lab: scenario.labName,
    variants: scenario.variants.map(({ name }) => name),
    flows: Object.keys(scenario.file.flows),
  }));
  if (json) process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
  else {
    for (const { name, title, lab, variants, flows } of scenarios) {
      process.stdout.write(`${name}  (${lab})\n`);
      for (const line of [title, `variants: ${variants.join(', ')}`, `flows: ${flows.join(', ')}`])
        process.stdout.write(wrap(line, lineWidth(), { indent: '  ', hanging: line === title ? 0 : 2 }));
    }
  }
  if (mistakes.length > 0) throw new InputError(mistakes);
  return Promise.resolve(EXIT.ok);
}
