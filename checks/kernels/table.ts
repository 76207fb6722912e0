import type { Outcome } from './steps.ts';

export interface Row {
  kernel: string;
  what: string;
  outcome: Outcome;
  seconds: number;
}

/** All that was tried, as a table of markdown. */
export function formatTable(rows: Row[]): string {
  const head = ['kernel', 'what ran', 'passed', 'failed', 'not run', 'took'];
  const cells = rows.map(({ kernel, what, outcome, seconds }) => [
    ...[kernel, what],
    ...[outcome.passed, outcome.failed, outcome.notRun].map(String),
    `${Math.round(seconds)} s`,
  ]);
  const widths = head.map((word, i) => Math.max(word.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: string[]) => `| ${row.map((word, i) => word.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}
