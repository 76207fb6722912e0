import { findEngine, type Engine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { labIsReady, makeLabReady } from '../setup/main.ts';
import { labImage, PACKAGE } from './package.ts';

/** Where labs can be booted. */
export interface ReadyEngine {
  engine: Engine;
  image: string;
  labels: Record<string, string>;
}

/**
 * The engine that `npx l4lab setup` would find or start, with the lab image on it; what runs left that were killed is
 * removed.
 * @throws Error that says what this machine lacks
 */
export async function readyEngine(): Promise<ReadyEngine> {
  const image = labImage();
  const say = (line: string): void => void process.stderr.write(`l4lab: ${line}\n`);
  if (!(await labIsReady(image))) await makeLabReady(PACKAGE, image, { yes: false, say });
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  return { engine, image, labels: await reaperLabels(engine.docker) };
}
