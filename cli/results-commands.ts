import { join, relative, resolve } from 'node:path';
import { diffText } from '../reports/diff.ts';
import { reportToGithub } from '../reports/github.ts';
import { mergeResults } from '../reports/merge.ts';
import { readResults } from '../reports/read-results.ts';
import { summaryText } from '../reports/summary-text.ts';
import { writeReports } from '../reports/write-reports.ts';
import { EXIT } from '../harness/errors.ts';
import type { Results } from '../harness/terms/results.ts';
import { pageBundle, sourcesOf } from './project.ts';

interface Publishing {
  /** Print results.json instead of a summary. */
  json: boolean;
  /** Tell GitHub nothing: the merged report of all shards will. */
  quiet: boolean;
}

/** Writes the reports of a run, and tells what came of it: on the terminal, and to GitHub when it runs there. */
export async function publish(results: Results, report: string, { json, quiet }: Publishing): Promise<void> {
  const dir = resolve(report);
  await writeReports(results, dir, pageBundle(), sourcesOf(results.scenarios.map(({ file }) => file)));
  const reportPath = relative(process.cwd(), join(dir, 'index.html'));
  if (json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else process.stdout.write(summaryText(results, { color: process.stdout.isTTY, reportPath }));
  // GitHub reads annotations from both streams; a program reads results.json from the one.
  const out = json ? process.stderr : process.stdout;
  if (!quiet) await reportToGithub(results, process.env, (line) => out.write(`${line}\n`));
}

/** 1 when a flow failed, 3 when one was not run, else 0. */
export function exitCode({ scenarios }: Results): number {
  const verdicts = scenarios.flatMap(({ variants }) => variants.flatMap(({ flows }) => flows.map((f) => f.verdict)));
  if (verdicts.includes('fail')) return EXIT.failed;
  return verdicts.includes('not-run') ? EXIT.unavailable : EXIT.ok;
}

/** `l4lab merge`: one report of the results of several machines. */
export async function mergeCommand(dirs: string[], { report }: { report: string }): Promise<number> {
  const results = mergeResults(await Promise.all(dirs.map(readResults)));
  await publish(results, report, { json: false, quiet: false });
  return exitCode(results);
}

/** `l4lab report diff`: which verdicts and causes changed between two runs. */
export async function diffCommand(before: string, after: string): Promise<number> {
  process.stdout.write(diffText(await readResults(before), await readResults(after)));
  return EXIT.ok;
}
