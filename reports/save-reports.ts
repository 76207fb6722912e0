import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { L4labError } from '../harness/errors.ts';
import type { Results } from '../harness/terms/results.ts';
import type { PageBundle } from './page-html.ts';
import { unwritable } from './report-folder.ts';
import { writeReports } from './write-reports.ts';

/** Where reports were written; `problem` says why not to the requested directory. */
export interface Saved {
  dir: string;
  problem: L4labError | null;
}

/**
 * Writes the reports of a run into `dir`, or else into a new temporary folder: results are never lost.
 * @throws L4labError `report-unwritable` if that fails too
 */
export async function saveReports(
  results: Results,
  dir: string,
  bundle: PageBundle,
  sources: Record<string, string>,
): Promise<Saved> {
  try {
    await writeReports(results, dir, bundle, sources);
    return { dir, problem: null };
  } catch (error) {
    const problem = unwritable(dir, error);
    const elsewhere = await writeElsewhere(results, bundle, sources);
    problem.message += `; it is in ${elsewhere}`;
    return { dir: elsewhere, problem };
  }
}

async function writeElsewhere(results: Results, bundle: PageBundle, sources: Record<string, string>): Promise<string> {
  try {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'l4lab-report-'));
    await writeReports(results, elsewhere, bundle, sources);
    return elsewhere;
  } catch (error) {
    throw unwritable(tmpdir(), error);
  }
}
