import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Project } from '../harness/project/project.ts';
import { findScenarios, labFileOf } from '../harness/project/scenario-files.ts';
import type { LoadedScenario, Selection } from '../harness/scenario/resolve/plans.ts';
import { plural } from '../reports/content/plural.ts';
import { readResults } from '../reports/read-results.ts';
import { changedFiles, reallyAt } from './changed-files.ts';
import { filesWithFailures, onlyFailed } from './failed-last-time.ts';
import { loadAll } from './load-all.ts';
import { select } from './selection.ts';

/** Which scenarios to run, in addition to their names. */
export interface RunChoice {
  selection: Selection;
  /** Only what failed, or was not run, in this folder's results; null for all. */
  failedIn: string | null;
  /** Only what changed since this git revision; null for all. */
  changedSince: string | null;
}

/**
 * Selects scenarios by names and options.
 * @returns the reason if nothing is selected
 * @throws L4labError `invalid-input`
 */
export async function whatToRun(
  project: Project,
  names: string[],
  { selection, failedIn, changedSince }: RunChoice,
): Promise<{ scenarios: LoadedScenario[]; nothing: string }> {
  const before = failedIn === null ? null : await readResults(failedIn);
  let files =
    before && names.length === 0 ? filesOf(project, filesWithFailures(before)) : findScenarios(project, names);
  let nothing = 'nothing failed last time';
  if (changedSince !== null) {
    const changed = await changedFiles(project.root, changedSince);
    files = await onlyChanged(project, files, changed);
    if (files.length === 0) nothing = `no scenario and no lab changed since ${changedSince}`;
  }
  const loaded = loadAll(project, files);
  const chosen = before ? onlyFailed(loaded, before) : loaded;
  return { scenarios: chosen.length === 0 ? [] : select(chosen, selection), nothing };
}

/** Files named in results; reports missing ones to the user. */
function filesOf({ root }: Project, names: string[]): string[] {
  const gone = names.filter((name) => !existsSync(resolve(root, name)));
  if (gone.length > 0)
    process.stderr.write(`--failed leaves out ${plural(gone.length, 'scenario')} that is gone: ${gone.join(', ')}\n`);
  return names.filter((name) => !gone.includes(name)).map((name) => resolve(root, name));
}

/** Scenarios whose file or lab has changed. */
async function onlyChanged(project: Project, files: string[], changed: ReadonlySet<string>): Promise<string[]> {
  const isChanged = await Promise.all(
    files.map(async (file) => {
      const paths = [file, labFileOf(project, file)].filter((path) => path !== null);
      return (await Promise.all(paths.map(reallyAt))).some((path) => changed.has(path));
    }),
  );
  return files.filter((_, index) => isChanged[index]);
}
