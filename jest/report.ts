import { join, relative } from 'node:path';
import { pageBundle } from '../api/package.ts';
import { sourcesOf } from '../api/sources.ts';
import type { Project } from '../harness/project/project.ts';
import type { Results } from '../harness/terms/results.ts';
import { cellsOf } from '../reports/content/cells.ts';
import { saveReports } from '../reports/save-reports.ts';
import { summaryText } from '../reports/summary-text.ts';

/**
 * Writes the report of all test files, and tells it on the stream that jest uses; none where nothing had finished.
 * @throws L4labError `report-unwritable`, also when the report had to go elsewhere
 */
export async function report(results: Results, { root, folders }: Project): Promise<void> {
  // A report of nothing would only take the place of an older one.
  if (results.interrupted && cellsOf(results).every(({ flow }) => flow.verdict === 'not-run')) return;
  const files = results.scenarios.map(({ file }) => file);
  const { dir, problem } = await saveReports(results, folders.report, pageBundle(), sourcesOf(root, files));
  const reportPath = relative(process.cwd(), join(dir, 'index.html'));
  const { isTTY, columns } = process.stderr;
  process.stderr.write(`\n${summaryText(results, { color: isTTY, reportPath, width: columns ?? 80 })}\n`);
  if (problem) throw problem;
}
