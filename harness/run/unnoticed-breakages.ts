import { breakages, type BreakableSetting } from '../model/fixes/breakages.ts';
import { changedVariant } from '../model/fixes/what-if.ts';
import type { LoadedScenario } from '../scenario/resolve/plans.ts';
import type { Variant } from '../scenario/read/read-variant.ts';
import { resolvePlan } from '../scenario/resolve/resolve.ts';
import type { Plan } from '../terms/plan.ts';

/** Names of a plan's flows that deviate from their expectation; null if they could not be run. */
export type Notice = (variant: Variant, plan: Plan) => Promise<string[] | null>;

/** Results of breaking each breakable setting of a variant. */
export interface Breaking {
  /** Flows that already deviate without a breakage, so that nothing was tried; null if they could not be run. */
  wrong: string[] | null;
  tried: number;
  unnoticed: BreakableSetting[];
  /** Breakages that could not be run. */
  notRun: BreakableSetting[];
}

/** Breaks one setting of a variant at a time. @param notice returns deviating flows, predicted or real */
export async function unnoticedBreakages(
  loaded: LoadedScenario,
  { variant, plan }: { variant: Variant; plan: Plan },
  notice: Notice,
): Promise<Breaking> {
  const found: Breaking = { wrong: await notice(variant, plan), tried: 0, unnoticed: [], notRun: [] };
  if (found.wrong === null || found.wrong.length > 0) return found;
  for (const one of breakages(plan)) {
    const broken = brokenPlan(loaded, variant, plan, one.change);
    if (broken === null) continue;
    found.tried += 1;
    const noticed = await notice(broken.variant, broken.plan);
    if (noticed === null) found.notRun.push(one);
    else if (noticed.length === 0) found.unnoticed.push(one);
  }
  return found;
}

/** Null if the change is not a valid scenario, or changes nothing. */
function brokenPlan(
  loaded: LoadedScenario,
  variant: Variant,
  before: Plan,
  change: Record<string, unknown>,
): { variant: Variant; plan: Plan } | null {
  const { scenario } = loaded;
  const changed = changedVariant(loaded, variant, change, scenario.file.variants[variant.name]?.expect ?? {});
  if (changed === null) return null;
  const plan = resolvePlan(scenario, changed);
  return JSON.stringify(plan.nodes) === JSON.stringify(before.nodes) ? null : { variant: changed, plan };
}
