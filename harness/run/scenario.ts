import { plansOf, type LoadedScenario, type Selection } from '../scenario/resolve/plans.ts';
import { L4labError } from '../errors.ts';
import type { ScenarioResult, VariantResult } from '../terms/results.ts';
import type { Plan } from '../terms/plan.ts';
import type { Variant } from '../scenario/read/read-variant.ts';
import type { OnEvent } from './events.ts';
import type { Fault } from '../terms/fault.ts';
import { faultOf } from './fault-of.ts';
import type { LabPool, PooledLab } from './lab-pool.ts';
import { describeVariant, notRun, runVariant } from './variant.ts';

/**
 * Runs a scenario on one lab, reconfigured for each variant. After an interrupt, no more variants are run and no more
 * events emitted.
 */
export async function runScenario(
  loaded: LoadedScenario,
  pool: LabPool,
  selection: Selection,
  { onEvent, signal }: { onEvent: OnEvent; signal?: AbortSignal | undefined },
): Promise<ScenarioResult> {
  const began = performance.now();
  const variants: VariantResult[] = [];
  const emit: OnEvent = (event) => {
    if (signal?.aborted !== true) onEvent(event);
  };
  for (const { variant, plan } of plansOf(loaded, selection)) {
    const pooled = await acquire(plan, pool, emit, signal);
    if (pooled instanceof L4labError) {
      variants.push(variantNotRun(variant, plan, faultOf(pooled), emit));
      continue;
    }
    const { result, clean } = await runVariant(variant, plan, pooled, emit);
    pool.release(pooled, clean);
    variants.push(result);
  }
  const { scenario } = loaded;
  emit({ event: 'scenario', scenario: scenario.name, durationMs: performance.now() - began });
  return { ...describeScenario(loaded), variants };
}

/** The description of a scenario in results. */
export function describeScenario({ scenario, yaml }: LoadedScenario): Omit<ScenarioResult, 'variants'> {
  return {
    name: scenario.name,
    title: scenario.file.title,
    description: scenario.file.description,
    file: yaml.file,
    lab: scenario.labName,
    sources: scenario.file.sources,
    flows: [
      ...Object.entries(scenario.file.flows).map(([name, flow]) => ({
        name,
        title: flow.title ?? name,
        at: yaml.locate(['flows', name]),
      })),
      ...Object.entries(scenario.file.steps).flatMap(([step, { title, expect }]) =>
        Object.keys(expect).map((stream) => ({
          name: `${step}.${stream}`,
          title: `${title ?? step}: ${stream}`,
          at: yaml.locate(['steps', step, 'expect', stream]),
        })),
      ),
    ],
  };
}

async function acquire(
  plan: Plan,
  pool: LabPool,
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<PooledLab | L4labError> {
  onEvent({ event: 'booting', scenario: plan.scenario, nodes: plan.nodes.length });
  try {
    signal?.throwIfAborted();
    const pooled = await pool.acquire(plan, signal);
    onEvent({ event: 'booted', scenario: plan.scenario, durationMs: pooled.bootMs });
    return pooled;
  } catch (error) {
    // If no lab can boot, this is reported once, not for every flow.
    const noLabBoots = error instanceof L4labError && error.code === 'host-firewall' && pool.unused;
    if (error instanceof L4labError && !noLabBoots) return error;
    throw error;
  }
}

function variantNotRun(variant: Variant, plan: Plan, reason: Fault, onEvent: OnEvent): VariantResult {
  onEvent({ event: 'not-run', scenario: plan.scenario, variant: plan.variant, reason });
  const flows = notRun(plan, reason);
  for (const result of flows) onEvent({ event: 'flow', scenario: plan.scenario, variant: plan.variant, result });
  return {
    ...describeVariant(variant),
    plan,
    flows,
    balancers: {},
    logs: {},
    timings: { bootMs: 0, configureMs: 0, flowsMs: 0, resetMs: 0 },
  };
}
