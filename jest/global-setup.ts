import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { Parts, PARTS_FOLDER } from './parts.ts';

/** Before all scenarios: removes what dead runs left, and makes the folder for results. */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-jest-'));
  process.env[PARTS_FOLDER] = folder;
  new Parts(folder).begin();
  const { docker } = await findEngine();
  await sweep(docker, { orphans: true });
  process.once('SIGINT', () => void sweepAndLeave(folder));
}

/** Ctrl-C ended jest's workers in the midst of their labs. */
async function sweepAndLeave(folder: string): Promise<void> {
  new Parts(folder).end();
  const { docker } = await findEngine();
  await sweep(docker, { orphans: true });
  process.exit(130);
}
