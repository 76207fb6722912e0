import { InputError, type Mistake } from '../harness/errors.ts';
import { loadLab, loadScenario, type LoadedLab } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/plans.ts';
import { ROOT } from './project.ts';

/** Loads all files, and tells the mistakes of all of them at once. @throws InputError */
export function loadAll(files: string[]): LoadedScenario[] {
  const { loaded, mistakes } = loadEach(files, loadScenario);
  throwAny(mistakes);
  return loaded;
}

/** Loads the files of scenarios and labs, and tells the mistakes of all of them at once. @throws InputError */
export function loadScenariosAndLabs(
  scenarioFiles: string[],
  labFiles: string[],
): { scenarios: LoadedScenario[]; labs: LoadedLab[] } {
  const scenarios = loadEach(scenarioFiles, loadScenario);
  const labs = loadEach(labFiles, loadLab);
  throwAny([...scenarios.mistakes, ...labs.mistakes]);
  return { scenarios: scenarios.loaded, labs: labs.loaded };
}

/** Loads the files that can be loaded, and says what is wrong with the others. */
export function loadEach<T>(
  files: string[],
  load: (root: string, file: string) => T,
): { loaded: T[]; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const loaded = files.flatMap((file) => {
    try {
      return [load(ROOT, file)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      mistakes.push(...error.mistakes);
      return [];
    }
  });
  return { loaded, mistakes };
}

function throwAny(mistakes: Mistake[]): void {
  if (mistakes.length > 0) throw new InputError(mistakes);
}
