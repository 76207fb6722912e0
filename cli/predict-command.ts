import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { outcomeOf } from '../reports/content/matrix-text.ts';
import { alikePredictions, predictionsText } from '../reports/content/predictions-text.ts';
import { stepsText } from '../reports/content/steps-text.ts';
import { wrap } from '../reports/content/wrap.ts';
import { EXIT } from '../harness/errors.ts';
import { predict } from '../harness/model/predict.ts';
import { predictTimeline } from '../harness/model/time/timeline.ts';
import { isNamed, plansOf, type Selection } from '../harness/scenario/resolve/plans.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';
import { loadAll } from './load-all.ts';
import type { Project } from '../harness/project/project.ts';
import { select } from './selection.ts';
import { lineWidth } from './shared/terminal.ts';
import { collect, type CommandLine } from './shared/command-line.ts';

export function registerPredict({ program, inProject }: CommandLine): void {
  program
    .command('predict <scenario> [flow]')
    .description('print the predicted path of each flow, hop by hop; needs no Docker')
    .option('--variant <names>', 'select these variants (names, separated by commas)', collect, [])
    .option('--flow <names>', 'select these flows (names, separated by commas)', collect, [])
    .action((name: string, flow: string | undefined, { variant, flow: flows }: { variant: string[]; flow: string[] }) =>
      inProject((project) =>
        predictCommand(project, name, { variants: variant, flows: flow === undefined ? flows : [flow, ...flows] }),
      ),
    );
}

/** `l4lab predict`: predicted walks of all flows, and of streams in each step; needs no Docker. */
export function predictCommand(project: Project, name: string, selection: Selection): Promise<number> {
  for (const loaded of select(loadAll(project, findScenarios(project, [name])), selection)) {
    for (const { plan } of plansOf(loaded, selection)) {
      for (const flow of plan.flows) process.stdout.write(`${describePrediction(flow, plan)}\n`);
      if (plan.timeline) process.stdout.write(describeSteps(plan, selection));
    }
  }
  return Promise.resolve(EXIT.ok);
}

/** Predictions of streams in each step. */
function describeSteps(plan: Plan, { flows }: Selection): string {
  const width = lineWidth();
  const isWanted = (cell: string): boolean => isNamed(flows, cell);
  return (
    wrap(`${plan.scenario} [${plan.variant}]`, width) +
    `${stepsText(plan, predictTimeline(plan), { width, isWanted })}\n`
  );
}

/** A flow's outcome and walk, one block for each server that may be selected, and causes of failures. */
function describePrediction(flow: FlowPlan, plan: Plan): string {
  const predictions = predict(plan, flow);
  const width = lineWidth();
  // Of servers with the same walk only the first is shown.
  const shown = alikePredictions(predictions, plan).map(([first]) => first!);
  const causes = shown.flatMap(({ cause }) => (cause ? [`${cause.code}: ${say(en, cause.detail)}`] : []));
  return [
    wrap(`${plan.scenario} [${plan.variant}] ${flow.name}: ${outcomeOf(predictions)}`, width),
    predictionsText(predictions, plan, width),
    ...[...new Set(causes)].map((cause) => wrap(cause, width)),
  ].join('');
}
