import { stringify } from 'yaml';
import { wrap } from '../reports/content/wrap.ts';
import { EXIT } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { breakages, type BreakableSetting } from '../harness/model/breakages.ts';
import { changedVariant } from '../harness/model/what-if.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { wouldPass } from '../harness/run/predicted-verdict.ts';
import { runVariant } from '../harness/run/variant.ts';
import { plansOf, type LoadedScenario } from '../harness/scenario/plans.ts';
import type { Variant } from '../harness/scenario/read.ts';
import { resolvePlan } from '../harness/scenario/resolve.ts';
import type { Plan } from '../harness/terms/plan.ts';
import { breakageText } from './breakage-text.ts';
import { loadAll } from './load-all.ts';
import { labImage, ROOT } from './project.ts';
import { select } from './selection.ts';
import { lineWidth } from './terminal.ts';

/** Names of the flows of a variant that do not end as expected; null where they could not be run. */
type Notice = (variant: Variant, plan: Plan) => Promise<string[] | null>;

/**
 * `l4lab mutate`: breaks one setting of each variant at a time, and lists the breakages that no flow notices: the network
 * could lose that setting, and the scenario would still pass. Predicted, or run for real with `prove`.
 */
export async function mutateCommand(
  words: string[],
  options: { variant: string[]; prove: boolean },
  signal: AbortSignal,
): Promise<number> {
  const selection = { variants: options.variant, flows: [] };
  const scenarios = select(loadAll(findScenarios(ROOT, words)), selection);
  const predicted: Notice = (_variant, plan) =>
    Promise.resolve(plan.flows.filter((flow) => !wouldPass(flow, plan)).map(({ name }) => name));
  const tell = (notice: Notice): Promise<void> => tellAll(scenarios, options.variant, notice, signal);
  if (!options.prove) {
    await tell(predicted);
    return EXIT.ok;
  }
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  await using pool = new LabPool({ engine, image: labImage(), signal });
  await tell(async (variant, plan) => {
    const pooled = await pool.acquire(plan);
    const { result, clean } = await runVariant(variant, plan, pooled, () => undefined);
    pool.release(pooled, clean);
    if (result.flows.some(({ verdict }) => verdict === 'not-run')) return null;
    return result.flows.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name);
  });
  return EXIT.ok;
}

async function tellAll(
  scenarios: LoadedScenario[],
  variants: string[],
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  for (const loaded of scenarios) {
    for (const { variant, plan } of plansOf(loaded, { variants, flows: [] })) {
      signal.throwIfAborted();
      process.stdout.write(await variantText(loaded, variant, plan, notice));
    }
  }
}

/** A variant with something wrong already notices nothing. */
async function variantText(loaded: LoadedScenario, variant: Variant, plan: Plan, notice: Notice): Promise<string> {
  const title = `${plan.scenario} [${plan.variant}]`;
  const wrong = await notice(variant, plan);
  if (wrong === null || wrong.length > 0)
    return wrap(
      `${title}: not tried, since it does not pass as it is (${wrong?.join(', ') ?? 'not run'})`,
      lineWidth(),
    );
  const unnoticed: BreakableSetting[] = [];
  let tried = 0;
  for (const one of breakages(plan)) {
    const broken = brokenPlan(loaded, variant, plan, one.change);
    const noticed = broken && (await notice(broken.variant, broken.plan));
    if (!noticed) continue;
    tried += 1;
    if (noticed.length === 0) unnoticed.push(one);
  }
  const summary = `${title}: ${tried - unnoticed.length} of ${tried} breakages are noticed${unnoticed.length > 0 ? '; not these:' : ''}`;
  return wrap(summary, lineWidth()) + unnoticed.map(unnoticedText).join('');
}

/** Null where the change is no valid scenario, or changes nothing. */
function brokenPlan(
  { scenario, ...loaded }: LoadedScenario,
  variant: Variant,
  before: Plan,
  change: Record<string, unknown>,
): { variant: Variant; plan: Plan } | null {
  const expect = scenario.file.variants[variant.name]?.expect ?? {};
  const changed = changedVariant({ scenario, ...loaded }, variant, change, expect);
  if (changed === null) return null;
  const plan = resolvePlan(scenario, changed);
  return JSON.stringify(plan.nodes) === JSON.stringify(before.nodes) ? null : { variant: changed, plan };
}

function unnoticedText({ breakage, change }: BreakableSetting): string {
  return wrap(`${breakageText(breakage)}: ${inline(change)}`, lineWidth(), { indent: '  ', hanging: 4 });
}

function inline(change: Record<string, unknown>): string {
  return stringify(change, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
