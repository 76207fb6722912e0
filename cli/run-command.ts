import { InputError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { labsAtOnce, run } from '../harness/run/run.ts';
import { plansOf, type Selection } from '../harness/run/scenario.ts';
import { findScenarios, type LoadedScenario } from '../harness/scenario/files.ts';
import { loadAll } from './load-all.ts';
import { labImage, ROOT, version } from './project.ts';
import { progress } from './progress.ts';
import { exitCode, publish } from './results-commands.ts';
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
  const scenarios = shardOf(loadAll(findScenarios(ROOT, words)), options.shard);
  const selection: Selection = { variants: options.variant, flows: options.flow };
  checkSelection(scenarios, selection);
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

function checkSelection(scenarios: LoadedScenario[], selection: Selection): void {
  if (scenarios.some((loaded) => plansOf(loaded, selection).length > 0)) return;
  const variants = [...new Set(scenarios.flatMap(({ scenario }) => scenario.variants.map(({ name }) => name)))];
  throw new InputError([
    {
      file: 'command line',
      line: 1,
      col: 1,
      message: `nothing to run: no scenario has such a variant and flow; variants are ${variants.join(', ')}`,
    },
  ]);
}
