import type { Results } from '../harness/terms/results.ts';
import { say } from './messages/catalogue.ts';
import { en } from './messages/en.ts';
import { plural } from './content/plural.ts';
import { wrap } from './content/wrap.ts';
import {
  type CellInContext,
  cellsOf,
  countVerdicts,
  explanations,
  failuresByCause,
  remedy,
  streamText,
} from './content/cells.ts';

export interface SummaryOptions {
  /** ANSI colours, only for a terminal. */
  color: boolean;
  /** Path of the HTML report for the user; null if none was written. */
  reportPath: string | null;
  /** Maximum line length in characters; text to copy is not broken. */
  width: number;
}

/** Final output of a run: failures by cause, totals, and the report's location. */
export function summaryText(results: Results, { color, reportPath, width }: SummaryOptions): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const cells = cellsOf(results);
  const count = countVerdicts(cells.map(({ flow }) => flow));
  // After an interrupt, the list of flows that did not run is of no use.
  const shown = results.interrupted ? cells.filter(({ flow }) => flow.verdict !== 'not-run') : cells;
  const groups = [...failuresByCause(shown)].flatMap(([cause, failures]) => [
    paint(1, `${cause} (${failures.length})`),
    ...failures.flatMap((cell) => failureLines(cell, results, { paint, width })),
    '',
  ]);
  const totals = [
    ...(count.fail ? [paint(31, `✗ ${count.fail} failed`)] : []),
    ...(count['not-run'] ? [paint(33, `! ${count['not-run']} not run`)] : []),
    paint(count.pass ? 32 : 2, `✓ ${count.pass} passed`),
  ].join(' · ');
  const scope = `${plural(cells.length, 'flow')} in ${plural(results.scenarios.length, 'scenario')}, ${(results.durationMs / 1000).toFixed(1)} s`;
  const interrupted = results.interrupted ? ['Interrupted: the report contains what had finished.'] : [];
  return [
    ...groups,
    ...interrupted,
    ...(results.environment.engines ?? []).map((engine) =>
      wrap(`${engine.endpoint}: ${en.engineUse(engine)}`, width).trimEnd(),
    ),
    `${totals}  ${paint(2, `(${scope})`)}`,
    ...(reportPath ? [`Report: ${reportPath}`] : []),
    '',
  ].join('\n');
}

function failureLines(
  { scenario, variant, flow }: CellInContext,
  results: Results,
  { paint, width }: { paint: (code: number, text: string) => string; width: number },
): string[] {
  const help = remedy(flow, results);
  const seen = streamText(flow);
  const wrapped = (text: string): string => wrap(printable(text), width, { indent: '      ', hanging: 2 }).trimEnd();
  const mark = flow.verdict === 'fail' ? paint(31, '✗') : paint(33, '!');
  return [
    `  ${mark} ${printable(`${scenario.name} › ${variant.name} › ${flow.name}`)}`,
    wrapped(`${flow.from} → ${flow.to}`),
    ...(seen === null ? [] : [wrapped(`${seen}.`)]),
    ...explanations(flow).map((message) => wrapped(say(en, message))),
    ...(help === null ? [] : [wrapped(help)]),
    paint(2, `      ${printable(`${flow.at.file}:${flow.at.line}:${flow.at.col}`)}`),
    paint(2, `      ${printable(flow.rerun)}`),
  ];
}

/** Control characters from a YAML file must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}
