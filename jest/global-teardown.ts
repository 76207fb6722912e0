import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { Parts, PARTS_FOLDER } from './parts.ts';
import { report, type JestConfig } from './report.ts';

/** After all scenarios: one report of what every test file found. */
export default async function globalTeardown(config: JestConfig): Promise<void> {
  const parts = new Parts(process.env[PARTS_FOLDER] ?? '');
  const all = parts.read();
  parts.end();
  const { docker } = await findEngine();
  await sweep(docker, { orphans: true });
  await report(all, config, false);
}
