import { join, relative, resolve } from 'node:path';
import { summaryText } from '../../reports/summary-text.ts';
import { writeReports } from '../../reports/write-reports.ts';
import { EXIT, InputError } from '../errors.ts';
import { findEngine } from '../fabric/engine.ts';
import { reaperLabels } from '../fabric/reaper.ts';
import { sweep } from '../fabric/sweep.ts';
import type { Results } from '../judge/results.ts';
import { run } from '../run/run.ts';
import { plansOf, type Selection } from '../run/scenario.ts';
import { findScenarios, type LoadedScenario } from '../scenario/files.ts';
import { loadAll } from './load-all.ts';
import { labImage, pageBundle, ROOT, sourcesOf, version } from './project.ts';
import { progress } from './progress.ts';

export interface RunCommandOptions {
  variant: string[];
  flow: string[];
  report: string;
  json: boolean;
}

/** `l4lab run`: runs scenarios, writes the reports, and ends with what the verdicts say. */
export async function runCommand(words: string[], options: RunCommandOptions, signal: AbortSignal): Promise<number> {
  const scenarios = loadAll(findScenarios(ROOT, words));
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
    concurrency: Math.min(2, engine.cpus),
    onEvent: progress(options.json ? process.stderr : process.stdout),
    signal,
  });
  const dir = resolve(options.report);
  await writeReports(results, dir, pageBundle(), sourcesOf(results.scenarios.map(({ file }) => file)));
  if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else
    process.stdout.write(
      summaryText(results, {
        color: process.stdout.isTTY,
        reportPath: relative(process.cwd(), join(dir, 'index.html')),
      }),
    );
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

/** 1 when a flow failed, 3 when one was not run, else 0. */
export function exitCode({ scenarios }: Results): number {
  const verdicts = scenarios.flatMap(({ variants }) =>
    variants.flatMap(({ flows }) => flows.map(({ verdict }) => verdict)),
  );
  if (verdicts.includes('fail')) return EXIT.failed;
  return verdicts.includes('not-run') ? EXIT.unavailable : EXIT.ok;
}
