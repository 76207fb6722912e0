import { stringify } from 'yaml';
import { wrap } from '../reports/content/wrap.ts';
import { EXIT } from '../harness/errors.ts';
import { readyEngine } from '../api/engine.ts';
import type { BreakableSetting } from '../harness/model/fixes/breakages.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { wouldPass } from '../harness/run/predicted-verdict.ts';
import { unnoticedBreakages, type Breaking, type Notice } from '../harness/run/unnoticed-breakages.ts';
import { runInPool } from '../harness/run/variant.ts';
import { plansOf, type LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import { breakageText } from './breakage-text.ts';
import { loadAll } from './load-all.ts';
import type { Project } from '../harness/project/project.ts';
import { select } from './selection.ts';
import { lineWidth } from './shared/terminal.ts';
import { collect, type CommandLine } from './shared/command-line.ts';

export function registerMutate({ program, inProject, signal }: CommandLine): void {
  program
    .command('mutate [scenarios...]')
    .description('break one setting at a time and list the breakages that no flow detects')
    .option('--variant <names>', 'select these variants (names, separated by commas)', collect, [])
    .option('--prove', 'run each breakage with real packets instead of predicting it', false)
    .action((names: string[], options: { variant: string[]; prove: boolean }) =>
      inProject((project) => mutateCommand(project, names, options, signal)),
    );
}

/**
 * `l4lab mutate`: breaks one setting of each variant at a time, and lists breakages that no flow detects: the network
 * could lose that setting and the scenario would still pass. Predicted, or run with `prove`.
 */
async function mutateCommand(
  project: Project,
  names: string[],
  options: { variant: string[]; prove: boolean },
  signal: AbortSignal,
): Promise<number> {
  const selection = { variants: options.variant, flows: [] };
  const scenarios = select(loadAll(project, findScenarios(project, names)), selection);
  if (!options.prove) {
    return tellAll(scenarios, options.variant, (_variant, plan) => {
      signal.throwIfAborted();
      return Promise.resolve(plan.flows.filter((flow) => !wouldPass(flow, plan)).map(({ name }) => name));
    });
  }
  const { engine, image, labels } = await readyEngine(project);
  await using pool = new LabPool({ engine, image, labels, signal });
  return await tellAll(scenarios, options.variant, async (variant, plan) => {
    signal.throwIfAborted();
    const flows = await runInPool(variant, plan, pool);
    if (flows.some(({ verdict }) => verdict === 'not-run')) return null;
    return flows.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name);
  });
}

/** @returns exit code; 3 if something could not be run */
async function tellAll(scenarios: LoadedScenario[], variants: string[], notice: Notice): Promise<number> {
  let ranAll = true;
  for (const loaded of scenarios) {
    for (const one of plansOf(loaded, { variants, flows: [] })) {
      const breaking = await unnoticedBreakages(loaded, one, notice);
      process.stdout.write(breakingText(`${one.plan.scenario} [${one.plan.variant}]`, breaking));
      ranAll &&= breaking.wrong !== null && breaking.notRun.length === 0;
    }
  }
  return ranAll ? EXIT.ok : EXIT.unavailable;
}

function breakingText(title: string, { wrong, tried, unnoticed, notRun }: Breaking): string {
  if (wrong === null) return wrap(`${title}: skipped, because it could not be run`, lineWidth());
  if (wrong.length > 0)
    return wrap(`${title}: skipped, because it does not pass unmodified (${wrong.join(', ')})`, lineWidth());
  const noticed = tried - unnoticed.length - notRun.length;
  return [
    wrap(
      `${title}: ${noticed} of ${tried} breakages detected${unnoticed.length > 0 ? '; not detected:' : ''}`,
      lineWidth(),
    ),
    ...unnoticed.map(breakageLine),
    ...(notRun.length > 0 ? [`  ${notRun.length} could not be run:\n`, ...notRun.map(breakageLine)] : []),
  ].join('');
}

function breakageLine({ breakage, change }: BreakableSetting): string {
  return wrap(`${breakageText(breakage)}: ${inline(change)}`, lineWidth(), { indent: '  ', hanging: 4 });
}

function inline(change: Record<string, unknown>): string {
  return stringify(change, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
