import type { Figure, Target } from './figures.ts';

/** Figures of one load as lines of a table. */
export function formatFigures(title: string, unit: string, figures: Figure[]): string {
  const head = ['', unit, '(min–max)', 'of direct', 'of by hand', 'of fair', 'p50 ms', 'p99 ms', 'CPU µs', 'failed'];
  const rows = figures.map((figure) => {
    const { contestant, rate, ofDirect, ofByHand, ofFairByHand, p50, p99, cpuUs, failed } = figure;
    const number = (value: number) => (value < 1000 ? value.toPrecision(3) : value.toFixed(0));
    const maybe = (value: number | null, digits: number) => value?.toFixed(digits) ?? '';
    const range = `(${number(rate.min)}–${number(rate.max)})`;
    return [
      contestant,
      number(rate.median),
      range,
      ofDirect.toFixed(2),
      maybe(ofByHand, 2),
      maybe(ofFairByHand, 2),
      maybe(p50, 2),
      maybe(p99, 2),
      number(cpuUs),
      String(failed),
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return `\n${title}\n${[head, ...rows].map(line).join('\n')}`;
}

export function formatTargets(targets: Target[]): string {
  return targets
    .map(({ text, reached, wanted }) => {
      const word = reached >= wanted ? 'reached' : 'missed ';
      return `  ${word}  ${text} = ${reached.toFixed(2)}, at least ${wanted.toFixed(2)} wanted`;
    })
    .join('\n');
}
