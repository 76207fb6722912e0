import { plural } from '../reports/content/plural.ts';
import { EXIT } from '../harness/errors.ts';
import { readyEngine } from '../api/engine.ts';
import { labsAtOnce } from '../harness/run/labs-at-once.ts';
import { run } from '../harness/run/run.ts';
import { durationsOf } from '../harness/run/lengths.ts';
import { readDurations, rememberDurations } from '../harness/project/durations.ts';
import type { Results } from '../harness/terms/results.ts';
import type { Project } from '../harness/project/project.ts';
import { version } from '../api/package.ts';
import { progress } from './progress.ts';
import { publish, reportFolder } from './shared/publish.ts';
import { parseShard, shardOf } from './shard.ts';
import { runByWatch } from './watch/run-by-watch.ts';
import { whatToRun } from './what-to-run.ts';
import { collect, type CommandLine } from './shared/command-line.ts';

interface RunCommandOptions {
  variant: string[];
  flow: string[];
  report?: string;
  json: boolean;
  /** `K/N`: only the K-th of N parts. */
  shard?: string;
  /** Only what failed, or was not run, last time. */
  failed: boolean;
  /** Only what changed since a git revision; true for HEAD. */
  changed?: string | true;
}

export function registerRun({ program, inProject, signal }: CommandLine): void {
  program
    .command('run [scenarios...]')
    .description('run scenarios (names, beginnings of names, files or folders; default: all) and write the report')
    .option('--variant <names>', 'select these variants (names, separated by commas)', collect, [])
    .option('--flow <names>', 'select these flows (names, separated by commas)', collect, [])
    .option('--report <dir>', 'write the report to this folder (default: reports/latest of the project)')
    .option('--json', 'print results.json instead of a summary', false)
    .option('--shard <k/n>', 'run only part k of n; `merge` combines the reports')
    .option('--failed', 'run only flows that failed or were not run in the last report', false)
    .option(
      '--changed [revision]',
      'run only scenarios that changed, or whose lab changed, since a git revision (default: HEAD)',
    )
    .action((names: string[], options: RunCommandOptions) =>
      inProject((project) => runCommand(project, names, options, signal)),
    );
}

/** `l4lab run`: runs scenarios, writes reports, and exits according to the verdicts. */
async function runCommand(
  project: Project,
  names: string[],
  options: RunCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  const selection = { variants: options.variant, flows: options.flow };
  const report = await reportFolder(project, options.report);
  const { scenarios: all, nothing } = await whatToRun(project, names, {
    selection,
    failedIn: options.failed ? report : null,
    changedSince: options.changed === true ? 'HEAD' : (options.changed ?? null),
  });
  const out = options.json ? process.stderr : process.stdout;
  if (all.length === 0) out.write(`${nothing}\n`);
  // Empty results are still needed for merging shards and by readers of JSON.
  if (all.length === 0 && shard === null && !options.json) return EXIT.ok;
  const scenarios = shard ? shardOf(all, shard) : all;
  if (shard && scenarios.length === 0)
    out.write(`shard ${options.shard} is empty: ${plural(all.length, 'scenario')} in all\n`);
  const { cache } = project.folders;
  const onEvent = progress(out);
  let code: number = EXIT.interrupted;
  const onResults = async (results: Results): Promise<void> => {
    // An empty report would only replace an older one.
    if (results.interrupted && !anyFinished(results)) {
      process.stderr.write('no report, because no flow finished\n');
      return;
    }
    // A partial run says nothing about a variant's duration.
    if (!results.interrupted && !options.failed && options.flow.length === 0)
      await rememberDurations(cache, durationsOf(results));
    code = await publish({ ...results, ...(shard ? { shard } : {}) }, report, {
      root: project.root,
      json: options.json,
      quiet: shard !== null,
    });
  };
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const served = await runByWatch(project, scenarios, selection, { onEvent, signal, say });
  if (served) {
    await onResults(served);
  } else {
    const ready = await readyEngine(project);
    await run(scenarios, {
      ...ready,
      version: version(),
      selection,
      concurrency: labsAtOnce(ready.engine.cpus),
      onEvent,
      signal,
      durations: await readDurations(cache),
      onResults,
    });
  }
  return signal.aborted ? EXIT.interrupted : code;
}

function anyFinished({ scenarios }: Results): boolean {
  return scenarios.some(({ variants }) => variants.some(({ flows }) => flows.some((f) => f.verdict !== 'not-run')));
}
