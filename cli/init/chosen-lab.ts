import { noSuch } from '../../harness/did-you-mean.ts';
import { readFileSync } from 'node:fs';
import { allLabs, findLabs, loadEach, loadLab, type LoadedLab } from '../../harness/project/scenario-files.ts';
import type { Project } from '../../harness/project/project.ts';
import { commandLineError } from '../shared/command-line-error.ts';
import type { Choice } from './questions.ts';

/** A lab for the first scenario, and its text. */
export interface ChosenLab extends LoadedLab {
  text: string;
}

/** All valid labs. */
export function labChoices(project: Project): Choice[] {
  const { loaded } = loadEach(project, allLabs(project), loadLab);
  return loaded.map(({ name, lab }) => ({ name, title: lab.title })).filter(({ name }) => !name.includes('/'));
}

/** @throws L4labError `invalid-input` for an unknown or invalid lab */
export function chosenLab(project: Project, name: string): ChosenLab {
  const all = allLabs(project);
  const file = findLabs(project, [name]).find((path) => all.includes(path));
  if (file === undefined || name.includes('/')) {
    const known = labChoices(project).map((choice) => choice.name);
    throw commandLineError(noSuch('lab', name, known));
  }
  return { text: readFileSync(file, 'utf8'), ...loadLab(project, file) };
}
