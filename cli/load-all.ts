import { InputError, type Mistake } from '../harness/errors.ts';
import { loadScenario } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/plans.ts';
import { ROOT } from './project.ts';

/** Loads all files, and tells the mistakes of all of them at once. @throws InputError */
export function loadAll(files: string[]): LoadedScenario[] {
  const mistakes: Mistake[] = [];
  const loaded = files.flatMap((file) => {
    try {
      return [loadScenario(ROOT, file)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      mistakes.push(...error.mistakes);
      return [];
    }
  });
  if (mistakes.length > 0) throw new InputError(mistakes);
  return loaded;
}
