import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { tryReportFolder } from '../reports/report-folder.ts';
import { Parts, PARTS_FOLDER } from './parts.ts';
import { report, REPORT_FOLDER, type JestConfig } from './report.ts';

/** Before all scenarios: tries the report's folder, removes what dead runs left, and makes the folder for results. */
export default async function globalSetup(config: JestConfig): Promise<void> {
  await tryReportFolder(REPORT_FOLDER);
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-jest-'));
  process.env[PARTS_FOLDER] = folder;
  new Parts(folder).begin();
  const { docker } = await findEngine();
  await sweep(docker, { orphans: true });
  process.once('SIGINT', () => void sweepAndLeave(folder, config));
}

/** Ctrl-C ended jest's workers in the midst of their labs. */
async function sweepAndLeave(folder: string, config: JestConfig): Promise<void> {
  const parts = new Parts(folder);
  const finished = parts.read();
  parts.end();
  try {
    const { docker } = await findEngine();
    await sweep(docker, { orphans: true });
    await report(finished, config, true);
  } finally {
    process.exit(EXIT.interrupted);
  }
}
