import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { labsAtOnce, run } from '../harness/run/run.ts';
import { findScenarios } from '../harness/scenario/files.ts';
import { loadAll } from './load-all.ts';
import { labImage, ROOT, version } from './project.ts';
import { progress } from './progress.ts';
import { exitCode, publish } from './results-commands.ts';
import { select } from './selection.ts';
import { shardOf } from './shard.ts';

export interface RunCommandOptions {
  variant: string[];
  flow: string[];
  report: string;
  json: boolean;
  /** `K/N`: only the K-th of N parts. */
  shard?: string;
}

/** `l4lab run`: runs scenarios, writes the reports, and ends with what the verdicts say. */
export async function runCommand(words: string[], options: RunCommandOptions, signal: AbortSignal): Promise<number> {
  const selection = { variants: options.variant, flows: options.flow };
  const scenarios = shardOf(select(loadAll(findScenarios(ROOT, words)), selection), options.shard);
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const results = await run(scenarios, {
    engine,
    image: labImage(),
    version: version(),
    labels: await reaperLabels(engine.docker),
    selection,
    concurrency: labsAtOnce(engine.cpus),
    onEvent: progress(options.json ? process.stderr : process.stdout),
    signal,
  });
  await publish(results, options.report, { json: options.json, quiet: options.shard !== undefined });
  return exitCode(results);
}
