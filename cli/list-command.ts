import { relative } from 'node:path';
import { wrap } from '../reports/content/wrap.ts';
import { EXIT, InputError } from '../harness/errors.ts';
import {
  allLabs,
  examplesOf,
  findLabs,
  findScenarios,
  loadEach,
  loadLab,
  loadScenario,
  ownLabs,
} from '../harness/project/scenario-files.ts';
import { cellNamesOf } from '../harness/scenario/resolve/plans.ts';
import type { Project } from '../harness/project/project.ts';
import { lineWidth } from './shared/terminal.ts';
import type { CommandLine } from './shared/command-line.ts';

interface ListOptions {
  json: boolean;
  labs: boolean;
  examples: boolean;
}

export function registerList({ program, inProject }: CommandLine): void {
  program
    .command('list [scenarios...]')
    .description('list scenarios (default: all) with their labs, variants and flows')
    .option('--labs', 'list labs instead: those of the project and those that come with l4lab', false)
    .option('--examples', 'list the examples that come with l4lab; `run` accepts their names', false)
    .option('--json', 'print JSON', false)
    .action((names: string[], options: ListOptions) => inProject((project) => listCommand(project, names, options)));
}

/** `l4lab list`: lists scenarios. A file with mistakes does not hide the others. */
function listCommand(project: Project, names: string[], { json, labs, examples }: ListOptions): Promise<number> {
  const files = (): string[] => (examples && names.length === 0 ? examplesOf(project) : findScenarios(project, names));
  const mistakes = labs ? listLabs(project, names, json) : listScenarios(project, files(), json);
  if (mistakes.length > 0) throw new InputError(mistakes);
  return Promise.resolve(EXIT.ok);
}

function listScenarios(project: Project, files: string[], json: boolean): InputError['mistakes'] {
  const { loaded, mistakes } = loadEach(project, files, loadScenario);
  const scenarios = loaded.map(({ scenario }) => ({
    name: scenario.name,
    title: scenario.file.title,
    lab: scenario.labName,
    variants: scenario.variants.map(({ name }) => name),
    flows: cellNamesOf(scenario.file),
  }));
  if (json) process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
  else {
    for (const { name, title, lab, variants, flows } of scenarios) {
      process.stdout.write(`${name}  (${lab})\n`);
      for (const line of [title, `variants: ${variants.join(', ')}`, `flows: ${flows.join(', ')}`])
        process.stdout.write(wrap(line, lineWidth(), { indent: '  ', hanging: line === title ? 0 : 2 }));
    }
  }
  return mistakes;
}

/** The project's own labs and those shipped with l4lab. */
function listLabs(project: Project, names: string[], json: boolean): InputError['mistakes'] {
  const own = new Set(ownLabs(project));
  const files = names.length > 0 ? findLabs(project, names) : allLabs(project);
  const { loaded, mistakes } = loadEach(project, files, (where, file) => ({ file, ...loadLab(where, file) }));
  const labs = loaded.map(({ file, name, lab }) => ({
    name,
    title: lab.title,
    file: relative(project.root, file),
    shipped: !own.has(file),
    nodes: Object.keys(lab.nodes),
  }));
  if (json) process.stdout.write(`${JSON.stringify(labs, null, 2)}\n`);
  else {
    for (const { name, title, shipped, nodes } of labs) {
      process.stdout.write(`${name}${shipped ? '  (comes with l4lab)' : ''}\n`);
      for (const line of [title, `nodes: ${nodes.join(', ')}`])
        process.stdout.write(wrap(line, lineWidth(), { indent: '  ', hanging: line === title ? 0 : 2 }));
    }
  }
  return mistakes;
}
