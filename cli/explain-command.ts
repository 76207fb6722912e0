import { causeText, fixesText, say as sentence } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { walkDrawing } from '../reports/content/walk-drawing.ts';
import { stringify } from 'yaml';
import { EXIT } from '../harness/errors.ts';
import { readyEngine } from '../api/engine.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import { seenOf } from '../reports/content/seen.ts';
import { outcomeOf } from '../reports/content/matrix-text.ts';
import { predictionsText } from '../reports/content/predictions-text.ts';
import { wrap } from '../reports/content/wrap.ts';
import { predict } from '../harness/model/predict.ts';
import type { Cause } from '../harness/terms/cause.ts';
import { distinctFindings } from '../harness/terms/finding.ts';
import type { Walk } from '../harness/terms/walk.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { runInPool } from '../harness/run/variant.ts';
import { changedVariant, fixesFor } from '../harness/model/fixes/what-if.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';
import { resolvePlan } from '../harness/scenario/resolve/resolve.ts';
import { explainStream } from './explain-stream.ts';
import { findOneFlow, type One } from './find-one.ts';
import { indent } from './indent.ts';
import { sequenceTo } from '../harness/scenario/after.ts';
import type { Project } from '../harness/project/project.ts';
import { profileLine } from './profile-line.ts';
import { lineWidth } from './shared/terminal.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerExplain({ program, inProject, signal }: CommandLine): void {
  program
    .command('explain <scenario> [flow]')
    .description('explain why a flow works or fails, and how to fix it')
    .option('--flow <name>', 'explain this flow (same as the second argument)')
    .option('--variant <name>', 'use this variant (default: the first that has the flow)')
    .option('--prove', 'run the flow and each proposed fix with real packets', false)
    .action((name: string, flow: string | undefined, options: { flow?: string; variant?: string; prove: boolean }) =>
      inProject((project) =>
        explainCommand(project, name, flow === undefined ? options : { ...options, flow }, signal),
      ),
    );
}

/**
 * `l4lab explain`: a flow's walk, its cause with description, and its fixes. With `prove` the flow and every fix are
 * run.
 */
export async function explainCommand(
  project: Project,
  name: string,
  options: { flow?: string; variant?: string; prove: boolean },
  signal: AbortSignal,
): Promise<number> {
  const { flow, cell, ...one } = findOneFlow(project, name, options.variant, options.flow);
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  if (flow === null) return explainStream(project, { ...one, cell }, { prove: options.prove, say }, signal);
  const predictions = predict(one.plan, flow);
  say(wrap(`${one.plan.scenario} [${one.plan.variant}] ${flow.name}: ${outcomeOf(predictions)}`, lineWidth()));
  const profile = 'service' in flow.to ? profileLine(one.variant.scenario.services[flow.to.service]) : null;
  if (profile !== null) say(wrap(profile, lineWidth()).trimEnd());
  say(predictionsText(predictions, one.plan, lineWidth()));
  for (const finding of distinctFindings(predictions.flatMap((prediction) => prediction.findings))) {
    say(wrap(`${finding.code}: ${sentence(en, finding)} ${en.findings[finding.code]}`, lineWidth()));
  }
  if (!options.prove) {
    const cause = predictions.find((prediction) => prediction.cause !== null)?.cause ?? null;
    if (cause) say(describeCause(cause));
    const helps = fixesFor({ ...one, flow, cause });
    if (cause && helps.length === 0) say(en.noFix);
    for (const { fixes, change } of helps)
      say(`${wrap(`Possible fix: ${fixesText(en, fixes)}`, lineWidth())}${indent(change)}`);
    return EXIT.ok;
  }
  return prove(project, { ...one, flow }, say, signal);
}

async function prove(
  project: Project,
  { loaded, variant, plan, flow }: One & { flow: FlowPlan },
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { engine, image, labels } = await readyEngine(project);
  await using pool = new LabPool({ engine, image, labels, signal });
  const tryFlow = async (tried: typeof variant, triedPlan: Plan): Promise<FlowResult> => {
    signal.throwIfAborted();
    const flows = sequenceTo(
      triedPlan.flows.find(({ name }) => name === flow.name)!,
      triedPlan.flows,
    );
    return (await runInPool(tried, { ...triedPlan, flows }, pool)).find(({ name }) => name === flow.name)!;
  };
  const seen = await tryFlow(variant, plan);
  const [attempt] = seen.attempts;
  const { outcome: went, outcomeGroups } = seenOf(seen);
  say(`Seen: ${outcomeGroups.length > 0 ? en.outcomeGroups(outcomeGroups) : (went ?? 'not run')}\n`);
  if (attempt) say(draw(attempt.observed, plan, attempt.cause));
  if (seen.cause === null) return seen.verdict === 'not-run' ? EXIT.unavailable : EXIT.ok;
  say(describeCause(seen.cause));
  let wrong = 0;
  const helps = seen.disagreement ? [] : fixesFor({ loaded, variant, plan, flow, cause: seen.cause });
  if (helps.length === 0) say(seen.disagreement ? en.noFixFromDisagreement : en.noFix);
  for (const { fixes, patch } of helps) {
    const changed = changedVariant(loaded, variant, patch)!;
    const { outcome: seenOutcome, cause } = await tryFlow(changed, resolvePlan(loaded.scenario, changed));
    const proven = seenOutcome === 'works';
    wrong += Number(!proven);
    const outcome = proven ? '✓ works' : `✗ fails (${cause?.code ?? 'not run'})`;
    say(`${wrap(`${outcome} with: ${fixesText(en, fixes)}`, lineWidth())}${indent(stringify(patch))}`);
  }
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

function draw(walk: Walk, plan: Plan, cause: Cause | null): string {
  return walkDrawing(walk, plan, { width: lineWidth(), cause });
}

function describeCause(cause: Cause): string {
  const { code, node, detail } = cause;
  const { story, fix } = causeText(en, cause);
  const width = lineWidth();
  return [
    wrap(`${code} at ${node}: ${sentence(en, detail)}`, width),
    wrap(story, width, { indent: '  ' }),
    wrap(`Usual fix: ${fix}`, width, { indent: '  ' }),
  ].join('');
}
