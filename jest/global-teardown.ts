import { relative, join } from 'node:path';
import { mergeResults } from '../reports/merge.ts';
import { summaryText } from '../reports/summary-text.ts';
import { writeReports } from '../reports/write-reports.ts';
import { pageBundle, ROOT, sourcesOf } from '../cli/project.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { Parts, PARTS_FOLDER } from './parts.ts';

/** After all scenarios: one report of what every test file found. */
export default async function globalTeardown(): Promise<void> {
  const parts = new Parts(process.env[PARTS_FOLDER] ?? '');
  const all = parts.read();
  parts.end();
  const { docker } = await findEngine();
  await sweep(docker, { orphans: true });
  if (all.length === 0) return;
  const results = mergeResults(all);
  const dir = join(ROOT, 'reports/latest');
  await writeReports(results, dir, pageBundle(), sourcesOf(results.scenarios.map(({ file }) => file)));
  const reportPath = relative(process.cwd(), join(dir, 'index.html'));
  process.stdout.write(`\n${summaryText(results, { color: process.stdout.isTTY, reportPath })}`);
}
