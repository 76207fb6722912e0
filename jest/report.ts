import { join, relative } from 'node:path';
import { pageBundle } from '../api/package.ts';
import { sourcesOf } from '../api/sources.ts';
import type { Project } from '../harness/project/project.ts';
import type { Results } from '../harness/terms/results.ts';
import { cellsOf } from '../reports/content/cells.ts';
import { saveReports } from '../reports/save-reports.ts';
import { summaryText } from '../reports/summary-text.ts';

/**
 * Writes the report of all test files, and prints its path on jest's stream; none if nothing had finished.
 * @throws L4labError `report-unwritable`, also if the report was written elsewhere
 */
export async function report(results: Results, { root, folders }: Project): Promise<void> {
  // An empty report would only replace an older one.
  if (results.interrupted && cellsOf(results).every(({ flow }) => flow.verdict === 'not-run')) return;
  const files = results.scenarios.map(({ file }) => file);
  const { dir, problem } = await saveReports(results, folders.report, pageBundle(), sourcesOf(root, files));
  const reportPath = relative(process.cwd(), join(dir, 'index.html'));
  const { isTTY, columns } = process.stderr;
  process.stderr.write(`\n${summaryText(results, { color: isTTY, reportPath, width: columns ?? 80 })}\n`);
  if (problem) throw problem;
}
