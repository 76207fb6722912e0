import type { Test } from '@jest/test-result';
import { readyEngine } from '../api/engine.ts';
import { loadProject } from '../api/load-project.ts';
import { version } from '../api/package.ts';
import { errorText } from '../cli/shared/error-text.ts';
import { InputError, L4labError } from '../harness/errors.ts';
import { readDurations, rememberDurations } from '../harness/project/durations.ts';
import type { Project } from '../harness/project/project.ts';
import { loadScenario } from '../harness/project/scenario-files.ts';
import { labsAtOnce } from '../harness/run/labs-at-once.ts';
import { run } from '../harness/run/run.ts';
import { durationsOf } from '../harness/run/lengths.ts';
import type { Selection } from '../harness/scenario/resolve/plans.ts';
import { tryReportFolder } from '../reports/report-folder.ts';
import { report } from './report.ts';
import { ScenarioFile } from './scenario-file.ts';
import { Stop, type Watcher } from './stop.ts';
import { sweepOnExit } from './sweep-on-exit.ts';
import { JestReporter, type JestCallbacks } from './jest-reporter.ts';
import { testName } from './test-result.ts';

export type { JestCallbacks, Watcher };

/** Fields used of jest's configuration. */
export interface JestConfig {
  /** `-t`, as a regular expression. */
  testNamePattern?: string;
  shard?: { shardIndex: number; shardCount: number };
  /** Number of failures to stop after; 0 means never. */
  bail: number;
}

export interface RunTestsOptions {
  config: JestConfig;
  watcher: Watcher;
  callbacks: JestCallbacks;
}

/**
 * Runs scenarios, each a test file of jest, as one run that shares labs, and writes one report. Files with mistakes
 * fail separately. Ctrl-C ends the process, with a report of finished flows and all labs removed.
 */
export async function runTests(tests: Test[], options: RunTestsOptions): Promise<void> {
  const stop = new Stop(options.watcher);
  try {
    for (const rootDir of new Set(tests.map(rootOf))) {
      const ofProject = tests.filter((test) => rootOf(test) === rootDir);
      if (!stop.signal.aborted) await runProject(rootDir, ofProject, options, stop);
    }
  } finally {
    stop.end();
  }
}

function rootOf({ context }: Test): string {
  return context.config.rootDir;
}

async function runProject(rootDir: string, tests: Test[], options: RunTestsOptions, stop: Stop): Promise<void> {
  const { config, callbacks } = options;
  const reporter = new JestReporter(tests, callbacks, { failures: config.bail, stop: () => stop.now() });
  const problem = await messageOf(async () => {
    const project = await loadProject({ from: rootDir });
    const selection = selectionOf(config);
    const files = tests.flatMap((test) => read(project, test, selection, reporter));
    for (const file of files) if (!file.isChosen) file.skip();
    const chosen = files.filter((file) => file.isChosen);
    if (chosen.length > 0) await runFiles(project, chosen, { selection, config, signal: stop.signal });
  });
  const { unfinished } = reporter;
  if (!stop.signal.aborted) failEach(reporter, unfinished, problem ?? 'the scenario did not run');
  await reporter.end();
  // Everything was reported except the missing report.
  if (problem !== null && unfinished.length === 0) throw Object.assign(new Error(problem), { stack: problem });
}

/** Selection by `-t`. */
function selectionOf({ testNamePattern }: JestConfig): Selection {
  const all = { variants: [], flows: [] };
  if (!testNamePattern) return all;
  const pattern = new RegExp(testNamePattern, 'i');
  return { ...all, takes: (...names) => pattern.test(testName(...names)) };
}

/** A file with mistakes fails. */
function read(project: Project, test: Test, selection: Selection, reporter: JestReporter): ScenarioFile[] {
  try {
    return [new ScenarioFile(test, loadScenario(project, test.path), selection, reporter)];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    reporter.start(test);
    reporter.failure(test, error.message);
    return [];
  }
}

async function runFiles(
  project: Project,
  files: ScenarioFile[],
  { selection, config: { shard }, signal }: { selection: Selection; config: JestConfig; signal: AbortSignal },
): Promise<void> {
  await tryReportFolder(project.folders.report);
  const ready = await readyEngine(project);
  const byName = new Map(files.map((file) => [file.name, file]));
  const endCare = sweepOnExit(ready.more);
  try {
    await run(
      files.map(({ loaded }) => loaded),
      {
        ...ready,
        version: version(),
        selection,
        concurrency: labsAtOnce(ready.engine.cpus),
        onEvent: (event) => {
          if (event.event !== 'started') byName.get(event.scenario)?.onEvent(event);
        },
        signal,
        durations: await readDurations(project.folders.cache),
        onResults: async (results) => {
          const part = shard ? { shard: { index: shard.shardIndex, count: shard.shardCount } } : {};
          await report({ ...results, ...part }, project);
          await rememberDurations(project.folders.cache, durationsOf(results));
        },
      },
    );
  } finally {
    endCare();
  }
}

/** Why work could not be done, without a stack. @throws bugs: expected errors have an exit code */
async function messageOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof Error) || !('exitCode' in error)) throw error;
    return error instanceof L4labError ? errorText(error) : error.message;
  }
}

/** Fails whole files for the same reason; only the first one has the full text. */
function failEach(reporter: JestReporter, tests: Test[], reason: string): void {
  const [firstLine] = reason.split('\n');
  for (const [index, test] of tests.entries()) {
    reporter.start(test);
    reporter.failure(test, index === 0 ? reason : firstLine!);
  }
}
