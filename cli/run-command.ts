import { plural } from '../reports/content/plural.ts';
import { EXIT } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { labsAtOnce, run } from '../harness/run/run.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import type { Results } from '../harness/terms/results.ts';
import { loadAll } from './load-all.ts';
import type { Project } from '../harness/project/project.ts';
import { labImage, version } from '../api/package.ts';
import { progress } from './progress.ts';
import { publish, reportFolder } from './results-commands.ts';
import { select } from './selection.ts';
import { parseShard, shardOf } from './shard.ts';

export interface RunCommandOptions {
  variant: string[];
  flow: string[];
  report?: string;
  json: boolean;
  /** `K/N`: only the K-th of N parts. */
  shard?: string;
}

/** `l4lab run`: runs scenarios, writes the reports, and ends with what the verdicts say. */
export async function runCommand(
  project: Project,
  words: string[],
  options: RunCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  const selection = { variants: options.variant, flows: options.flow };
  const all = select(loadAll(project, findScenarios(project, words)), selection);
  const scenarios = shard ? shardOf(all, shard) : all;
  const report = await reportFolder(project, options.report);
  const out = options.json ? process.stderr : process.stdout;
  if (scenarios.length === 0) out.write(`shard ${options.shard} is empty: ${plural(all.length, 'scenario')} in all\n`);
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  let code: number = EXIT.interrupted;
  await run(scenarios, {
    engine,
    image: labImage(),
    version: version(),
    labels: await reaperLabels(engine.docker),
    selection,
    concurrency: labsAtOnce(engine.cpus),
    onEvent: progress(out),
    signal,
    onResults: async (results) => {
      // A report of nothing would only take the place of an older one.
      if (results.interrupted && !anyFinished(results)) {
        process.stderr.write('no report: no flow had finished\n');
        return;
      }
      code = await publish({ ...results, ...(shard ? { shard } : {}) }, report, {
        root: project.root,
        json: options.json,
        quiet: shard !== null,
      });
    },
  });
  return signal.aborted ? EXIT.interrupted : code;
}

function anyFinished({ scenarios }: Results): boolean {
  return scenarios.some(({ variants }) => variants.some(({ flows }) => flows.some((f) => f.verdict !== 'not-run')));
}
