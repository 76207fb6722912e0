import { join } from 'node:path';
import { readyEngine } from '../api/engine.ts';
import { pageBundle, version } from '../api/package.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { readDurations, rememberDurations } from '../harness/project/durations.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import type { Project } from '../harness/project/project.ts';
import { durationsOf } from '../harness/run/lengths.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { labsAtOnce } from '../harness/run/labs-at-once.ts';
import { run } from '../harness/run/run.ts';
import { saveReports } from '../reports/save-reports.ts';
import { summaryText } from '../reports/summary-text.ts';
import { stampReport } from '../reports/write-reports.ts';
import { progress } from './progress.ts';
import { reportFolder, shownPath } from './shared/publish.ts';
import { lineWidth } from './shared/terminal.ts';
import { Keyboard } from './watch/keyboard.ts';
import { KEYS_HELP, type Command } from './watch/keys.ts';
import { openInBrowser } from './watch/open-report.ts';
import { thisBuild } from './watch/protocol.ts';
import { Service, type RunHere } from './watch/service.ts';
import { Session } from './watch/session.ts';
import { Sources } from './watch/sources.ts';
import type { CommandLine } from './shared/command-line.ts';

/** Idle labs are removed after this time. */
const IDLE_MS = 600_000;
/** Topologies that stay warm. */
const WARM_LABS = 4;

export function registerWatch({ program, inProject, signal }: CommandLine): void {
  program
    .command('watch [scenarios...]')
    .description('run scenarios (default: all) whenever they change, on labs that stay warm')
    .option('--report <dir>', 'write the report to this folder (default: reports/latest of the project)')
    .action((names: string[], options: { report?: string }) =>
      inProject((project) => watchCommand(project, names, options, signal), { endsWithReader: true }),
    );
}

/** `l4lab watch`: runs what changes on labs that stay warm, until the user quits. */
async function watchCommand(
  project: Project,
  names: string[],
  options: { report?: string },
  signal: AbortSignal,
): Promise<number> {
  // Report unknown names before any setup.
  findScenarios(project, names);
  const sources = new Sources(project, names);
  const folder = await reportFolder(project, options.report);
  const page = join(folder, 'index.html');
  // Before searching an engine: clients of this watch compute it before that too.
  const build = thisBuild(project);
  const { engine, image, labels } = await readyEngine(project);
  const concurrency = labsAtOnce(engine.cpus);
  const { cache } = project.folders;
  await using pool = new LabPool(
    { engine, image, labels },
    { idle: WARM_LABS, idleMs: IDLE_MS, atOnce: concurrency, grow: true },
  );
  const runOnWarmLabs: RunHere = async (scenarios, { onEvent, signal: stop }) => {
    const results = await run(scenarios, {
      engine,
      image,
      version: version(),
      labels,
      selection: { variants: [], flows: [] },
      concurrency,
      onEvent,
      signal: stop,
      pool,
      durations: await readDurations(cache),
    });
    if (!results.interrupted) await rememberDurations(cache, durationsOf(results));
    return results;
  };
  await using service = await Service.open(project, build, runOnWarmLabs);
  const out = process.stdout;
  const say = (text: string): void => void out.write(`${text}\n`);
  if (service === null) say('`l4lab run` cannot reuse the labs of this `watch`: it boots its own');
  /** Folder of the last report: open pages wait for the next one. */
  let reportedTo: string | null = null;
  const session = new Session(project, sources, {
    say,
    run: (scenarios, { quick, signal: stop }) =>
      runOnWarmLabs(scenarios, { onEvent: progress(out, { everyFlow: quick }), signal: stop }),
    report: async (ran, known, texts) => {
      say(summaryText(ran, { color: out.isTTY, reportPath: null, width: lineWidth() }).trimEnd());
      const { dir, problem } = await saveReports(known, folder, { ...pageBundle(), stamp: ran.startedAt }, texts);
      reportedTo = dir;
      if (problem) process.stderr.write(`${problem.message}\n`);
      say(`Report: ${shownPath(join(dir, 'index.html'))} · waiting for changes; h for help`);
    },
  });
  const open = async (): Promise<void> => {
    if (!(await openInBrowser(page))) say(`no browser could be started: the report is ${shownPath(page)}`);
  };
  const quit = new AbortController();
  const obey = (command: Command): void => {
    if (command.do === 'pattern') session.narrow(command.pattern);
    else if (command.do === 'help') say(KEYS_HELP);
    else if (command.do === 'quit') quit.abort(new L4labError('interrupted', 'the user quit'));
    // A second Ctrl-C exits immediately.
    else if (command.do === 'interrupt') process.kill(process.pid, 'SIGINT');
    else if (command.do === 'report') void open();
    else session.again(command.do);
  };
  using keyboard = new Keyboard(obey, (typed) =>
    out.write(typed === null ? '\r\u001b[2K' : `\r\u001b[2Kpattern: ${typed}`),
  );
  await session.go(AbortSignal.any([signal, quit.signal]));
  keyboard[Symbol.dispose]();
  if (reportedTo !== null) await stampReport(reportedTo, null).catch(() => undefined);
  return signal.aborted ? EXIT.interrupted : EXIT.ok;
}
