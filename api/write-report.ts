import type { Results } from '../harness/terms/results.ts';
import { saveReports } from '../reports/save-reports.ts';
import type { LoadedProject } from './load-project.ts';
import { pageBundle } from './package.ts';
import { sourcesOf } from './sources.ts';

/**
 * Writes the reports of a run: index.html, results.json, junit.xml and summary.md.
 * @param dir by default where `npx l4lab run` writes it
 * @returns the folder
 * @throws Error `report-unwritable`; the message says where the report is instead
 */
export async function writeReport(
  project: LoadedProject,
  results: Results,
  dir = project.folders.report,
): Promise<string> {
  const sources = sourcesOf(
    project.root,
    results.scenarios.map(({ file }) => file),
  );
  const saved = await saveReports(results, dir, pageBundle(), sources);
  if (saved.problem) throw saved.problem;
  return saved.dir;
}
