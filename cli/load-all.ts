import { InputError, type Mistake } from '../harness/errors.ts';
import { loadEach, loadLab, loadScenario, type LoadedLab } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import type { Project } from '../harness/project/project.ts';

/** Loads all files, and reports all their mistakes at once. @throws InputError */
export function loadAll(project: Project, files: string[]): LoadedScenario[] {
  const { loaded, mistakes } = loadEach(project, files, loadScenario);
  throwAny(mistakes);
  return loaded;
}

/** Loads scenarios and labs, and reports all their mistakes at once. @throws InputError */
export function loadScenariosAndLabs(
  project: Project,
  scenarioFiles: string[],
  labFiles: string[],
): { scenarios: LoadedScenario[]; labs: LoadedLab[] } {
  const scenarios = loadEach(project, scenarioFiles, loadScenario);
  const labs = loadEach(project, labFiles, loadLab);
  throwAny([...scenarios.mistakes, ...labs.mistakes]);
  return { scenarios: scenarios.loaded, labs: labs.loaded };
}

function throwAny(mistakes: Mistake[]): void {
  if (mistakes.length > 0) throw new InputError(mistakes);
}
