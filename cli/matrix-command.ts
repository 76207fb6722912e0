import { matrixText } from '../reports/content/matrix-text.ts';
import { wrap } from '../reports/content/wrap.ts';
import { en } from '../reports/messages/en.ts';
import { EXIT } from '../harness/errors.ts';
import { predict } from '../harness/model/predict.ts';
import { predictedCells } from '../harness/model/time/timeline.ts';
import { cellNames, isNamed, plansOf, type Selection } from '../harness/scenario/resolve/plans.ts';
import { findLabs, findScenarios, loadLab } from '../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import { defaultMatrix } from '../harness/scenario/resolve/default-matrix.ts';
import { loadAll } from './load-all.ts';
import type { Project } from '../harness/project/project.ts';
import { select } from './selection.ts';
import { lineWidth } from './shared/terminal.ts';
import { collect, type CommandLine } from './shared/command-line.ts';

export function registerMatrix({ program, inProject }: CommandLine): void {
  program
    .command('matrix <lab-or-scenario>')
    .description(
      'print which flows are predicted to work in each variant or mode, and why others fail; needs no Docker',
    )
    .option('--variant <names>', 'select these variants (names, separated by commas)', collect, [])
    .option('--flow <names>', 'select these flows (names, separated by commas)', collect, [])
    .action((name: string, options: { variant: string[]; flow: string[] }) =>
      inProject((project) => matrixCommand(project, name, options)),
    );
}

/** `l4lab matrix`: which flows work in which variant, and why not; for a lab, in each mode. Needs no Docker. */
export function matrixCommand(
  project: Project,
  name: string,
  options: { variant: string[]; flow: string[] },
): Promise<number> {
  const matrices = findLabs(project, [name]).map((file) => defaultMatrix(loadLab(project, file)));
  const scenarios = matrices.length > 0 ? matrices : loadAll(project, findScenarios(project, [name]));
  const selection = { variants: options.variant, flows: options.flow };
  for (const loaded of select(scenarios, selection)) process.stdout.write(`${describeMatrix(loaded, selection)}\n`);
  for (const { variant, mistakes } of matrices.flatMap(({ leftOut }) => leftOut)) {
    const text = `${variant} is skipped: ${mistakes.join('; ')}`;
    process.stdout.write(wrap(text, lineWidth(), { indent: '  ', hanging: 2 }));
  }
  return Promise.resolve(EXIT.ok);
}

function describeMatrix(loaded: LoadedScenario, selection: Selection): string {
  const plans = plansOf(loaded, selection);
  const isWanted = (name: string): boolean => isNamed(selection.flows, name);
  const flows = [...new Set(plans.flatMap(({ plan }) => cellNames(plan).filter(isWanted)))];
  const columns = plans.map(({ variant, plan }) => ({
    variant: variant.name,
    cells: new Map(plan.flows.map((flow) => [flow.name, predict(plan, flow)])),
    streams: new Map(predictedCells(plan).map(({ name, predicted }) => [name, en.timeline.predicted(predicted)])),
  }));
  const callers = new Map(plans.flatMap(({ plan }) => plan.flows.map(({ name, from }) => [name, from])));
  const width = lineWidth();
  const predictions = columns.flatMap(({ cells }) => [...cells.values()].flat());
  const findings = new Set(predictions.flatMap((one) => one.findings.map(({ code }) => code)));
  return [
    wrap(`${loaded.scenario.name}: ${loaded.scenario.file.title}`, width),
    matrixText(flows, columns, width, callers),
    ...[...findings].map((code) => wrap(`${code}: ${en.findings[code]}`, width, { indent: '  ', hanging: 2 })),
  ].join('');
}
