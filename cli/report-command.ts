import { EXIT } from '../harness/errors.ts';
import { diffText } from '../reports/diff.ts';
import { readResults } from '../reports/read-results.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerReport({ program, run }: CommandLine): void {
  program
    .command('report')
    .description('compare the results of two runs')
    .command('diff <before> <after>')
    .description('show which verdicts and causes changed between two reports (results.json files or their folders)')
    .action((before: string, after: string) => run(diffCommand(before, after)));
}

/** `l4lab report diff`: which verdicts and causes changed between two runs. */
async function diffCommand(before: string, after: string): Promise<number> {
  process.stdout.write(diffText(await readResults(before), await readResults(after)));
  return EXIT.ok;
}
