import { EXIT } from '../harness/errors.ts';
import type { Project } from '../harness/project/project.ts';
import { commandLineError } from './shared/command-line-error.ts';
import { chosenLab } from './init/chosen-lab.ts';
import { chosenMode, usualMode } from './init/chosen-mode.ts';
import { shown, writeNew, type NewFile } from './init/new-files.ts';
import { labFile, scenarioFile } from './init/project-files.ts';

/** `l4lab new scenario`: one more scenario on a lab. */
export function newScenarioCommand(
  project: Project,
  words: string,
  options: { lab: string; mode?: string },
): Promise<number> {
  const name = words.replace(/^scenarios\//, '').replace(/\.ya?ml$/, '');
  if (!/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/.test(name))
    throw commandLineError(`\`${words}\` cannot name a scenario: use letters, digits and hyphens, and / for folders`);
  const lab = chosenLab(project, options.lab);
  const mode = options.mode === undefined ? usualMode(lab) : chosenMode(options.mode);
  return make(scenarioFile(project, name, lab, mode), `npx l4lab run ${name}`);
}

/** `l4lab new lab`: a copy of a lab, to be changed. */
export function newLabCommand(project: Project, words: string, { like }: { like: string }): Promise<number> {
  const name = words.replace(/^labs\//, '').replace(/\.ya?ml$/, '');
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw commandLineError(`\`${words}\` cannot name a lab: use letters, digits and hyphens`);
  return make(labFile(project, name, chosenLab(project, like)), `npx l4lab matrix ${name}`);
}

function make(file: NewFile, next: string): Promise<number> {
  if (writeNew([file]).length === 0) throw commandLineError(`${shown(file.path)} exists; it is not overwritten`);
  process.stdout.write(`created ${shown(file.path)}: ${file.what}\nnext: ${next}\n`);
  return Promise.resolve(EXIT.ok);
}
