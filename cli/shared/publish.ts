import { join, relative, resolve } from 'node:path';
import { reportToGithub } from '../../reports/github.ts';
import { tryReportFolder } from '../../reports/report-folder.ts';
import { saveReports } from '../../reports/save-reports.ts';
import { lineWidth } from './terminal.ts';
import { summaryText } from '../../reports/summary-text.ts';
import { EXIT } from '../../harness/errors.ts';
import type { Results } from '../../harness/terms/results.ts';
import { commandLineError } from './command-line-error.ts';
import type { Project } from '../../harness/project/project.ts';
import { pageBundle } from '../../api/package.ts';
import { sourcesOf } from '../../api/sources.ts';

interface Publishing {
  /** The project's folder. */
  root: string;
  /** Print results.json instead of a summary. */
  json: boolean;
  /** No output for GitHub, which gets the merged report of all shards. */
  quiet: boolean;
}

/**
 * The folder of `--report`, or the project's; checked before the work.
 * @throws L4labError if no report can be written there
 */
export async function reportFolder(project: Project, report: string | undefined): Promise<string> {
  if (report === '') throw commandLineError('--report: name a folder');
  const dir = report === undefined ? project.folders.report : resolve(report);
  await tryReportFolder(dir);
  return dir;
}

/**
 * Writes the reports of a run, and prints a summary on the terminal and for GitHub.
 * @returns the exit code for the verdicts, or 3 if the report could not be written to its folder
 */
export async function publish(results: Results, dir: string, { root, json, quiet }: Publishing): Promise<number> {
  if (json) process.stdout.write(`${JSON.stringify(results)}\n`);
  const sources = sourcesOf(
    root,
    results.scenarios.map(({ file }) => file),
  );
  const saved = await saveReports(results, dir, pageBundle(), sources);
  if (!json) {
    const reportPath = shownPath(join(saved.dir, 'index.html'));
    process.stdout.write(summaryText(results, { color: process.stdout.isTTY, reportPath, width: lineWidth() }));
  }
  // GitHub reads annotations from both streams; programs read results.json from stdout.
  const out = json ? process.stderr : process.stdout;
  if (!quiet) await reportToGithub(results, process.env, (line) => out.write(`${line}\n`));
  if (saved.problem) process.stderr.write(`${saved.problem.message}\n`);
  return saved.problem?.exitCode ?? exitCode(results);
}

/** A path relative to the current folder. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** 1 if a flow failed, 3 if one was not run or the run was interrupted, otherwise 0. */
function exitCode({ scenarios, interrupted }: Results): number {
  const verdicts = scenarios.flatMap(({ variants }) => variants.flatMap(({ flows }) => flows.map((f) => f.verdict)));
  if (verdicts.includes('fail')) return EXIT.failed;
  return verdicts.includes('not-run') || interrupted === true ? EXIT.unavailable : EXIT.ok;
}
