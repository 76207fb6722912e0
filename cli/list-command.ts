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
import { cellNamesOf } from '../harness/scenario/plans.ts';
import type { Project } from '../harness/project/project.ts';
import { lineWidth } from './terminal.ts';

interface ListOptions {
  json: boolean;
  labs: boolean;
  examples: boolean;
}

/** `l4lab list`: what there is to run. A file with mistakes hides none of the others. */
export function listCommand(project: Project, words: string[], { json, labs, examples }: ListOptions): Promise<number> {
  const files = (): string[] => (examples && words.length === 0 ? examplesOf(project) : findScenarios(project, words));
  const mistakes = labs ? listLabs(project, words, json) : listScenarios(project, files(), json);
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

/** The project's own labs and those that l4lab ships. */
function listLabs(project: Project, words: string[], json: boolean): InputError['mistakes'] {
  const own = new Set(ownLabs(project));
  const files = words.length > 0 ? findLabs(project, words) : allLabs(project);
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
