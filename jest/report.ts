import { writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pageBundle, PACKAGE } from '../api/package.ts';
import { sourcesOf } from '../api/sources.ts';
import type { Results } from '../harness/terms/results.ts';
import { mergeResults } from '../reports/merge.ts';
import { saveReports } from '../reports/save-reports.ts';
import { summaryText } from '../reports/summary-text.ts';

export const REPORT_FOLDER = join(PACKAGE, 'reports/latest');

/** What this needs of jest's own configuration. */
export interface JestConfig {
  shard?: { shardIndex: number; shardCount: number };
}

/**
 * Writes one report of what the test files found, and tells it; none where they found nothing.
 * @throws L4labError `report-unwritable`, also when the report had to go elsewhere
 */
export async function report(parts: Results[], { shard }: JestConfig, interrupted: boolean): Promise<void> {
  if (parts.length === 0) return;
  const results: Results = {
    ...mergeResults(parts),
    ...(shard ? { shard: { index: shard.shardIndex, count: shard.shardCount } } : {}),
    ...(interrupted ? { interrupted } : {}),
  };
  const sources = sourcesOf(
    PACKAGE,
    results.scenarios.map(({ file }) => file),
  );
  const { dir, problem } = await saveReports(results, REPORT_FOLDER, pageBundle(), sources);
  const reportPath = relative(process.cwd(), join(dir, 'index.html'));
  // While tests run, jest holds back what is written to its own stream.
  writeSync(
    process.stdout.fd,
    `\n${summaryText(results, { color: process.stdout.isTTY, reportPath, width: process.stdout.columns ?? 80 })}`,
  );
  if (problem) throw problem;
}
