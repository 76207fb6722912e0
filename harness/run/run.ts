import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Topology } from '../fabric/lab-topology.ts';
import type { Results, ScenarioResult } from '../terms/results.ts';
import type { LoadedScenario } from '../scenario/resolve/plans.ts';
import { expectedLengths } from './lengths.ts';
import { Queue } from './queue.ts';
import { EngineSlots, type EngineSlot } from './engine-slots.ts';
import type { RunOptions } from './run-options.ts';
import { runScenario } from './scenario.ts';
import { cellNames, plansOf } from '../scenario/resolve/plans.ts';
import { withCounterfactuals } from '../model/fixes/what-if.ts';

/**
 * Runs scenarios and returns their results in the given order. Everything that it booted is removed at the end, except
 * in a pool that was passed. When the user interrupts, finished results are kept, and everything else is reported as
 * not run.
 */
export async function run(scenarios: LoadedScenario[], options: RunOptions): Promise<Results> {
  const { selection, onEvent, signal } = options;
  const startedAt = new Date();
  const plansBy = new Map(scenarios.map((loaded) => [loaded, plansOf(loaded, selection).map(({ plan }) => plan)]));
  const plans = [...plansBy.values()].flat();
  const flows = plans.reduce((sum, plan) => sum + cellNames(plan).length, 0);
  await using slots = new EngineSlots(options, plans);
  const lengths = expectedLengths(plans, options.durations ?? new Map());
  const lengthOf = (loaded: LoadedScenario): number =>
    plansBy.get(loaded)!.reduce((sum, plan) => sum + lengths.of.get(plan)!, 0);
  const expectedMs = Object.fromEntries(scenarios.map((loaded) => [loaded.scenario.name, lengthOf(loaded)]));
  onEvent({
    event: 'started',
    scenarios: scenarios.length,
    flows,
    ...(lengths.inMs ? { forecast: { expectedMs, atOnce: slots.workers } } : {}),
  });
  /** Topology of a scenario's first plan; none for scenarios without selected flows. */
  const topologyOf = (loaded: LoadedScenario): Topology | null => {
    const plan = plansBy.get(loaded)?.[0];
    return plan ? slots.topologyFor(plan) : null;
  };
  const results = new Map<LoadedScenario, ScenarioResult>();
  let left = [...scenarios].sort((a, b) => lengthOf(b) - lengthOf(a));
  // Repeats only for scenarios that a lost engine had not finished.
  while (left.length > 0) {
    const queue = new Queue(left, topologyOf, lengthOf);
    const again: LoadedScenario[] = [];
    const worker = async (slot: EngineSlot): Promise<void> => {
      const mine = queue.worker();
      for (let loaded = mine.next(); loaded; loaded = mine.next()) {
        if (slot.lost) {
          again.push(loaded);
          continue;
        }
        const result = await runScenario(loaded, slot.pool, selection, { onEvent, signal });
        if (await slots.isLost(slot, result)) {
          onEvent({ event: 'engine-lost', engine: slot.engine.endpoint, scenario: loaded.scenario.name });
          again.push(loaded);
          continue;
        }
        slot.scenarios.push(loaded.scenario.name);
        results.set(loaded, result);
        const topology = topologyOf(loaded);
        // If nothing is left to run, removing labs must not delay the results.
        if (topology && !queue.has(topology) && !queue.isEmpty) slots.retire(topology);
      }
    };
    await allSettledOrThrow(slots.alive.flatMap((slot) => Array.from({ length: slot.workers }, () => worker(slot))));
    left = again;
  }
  const interrupted = signal?.aborted === true;
  // Takes tens of milliseconds per failure, so it runs after all flows.
  const explained: ScenarioResult[] = [];
  for (const loaded of scenarios) {
    const result = results.get(loaded);
    if (result) explained.push(signal?.aborted === true ? result : withCounterfactuals(result, loaded));
    // Lets the user interrupt in between.
    await othersTurn();
  }
  const outcome: Results = {
    version: 4,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    environment: { ...environment(options), ...slots.record() },
    ...(interrupted ? { interrupted } : {}),
    scenarios: explained,
  };
  await options.onResults?.(outcome);
  return outcome;
}

/** Waits for all before throwing the first error, so that nothing is in progress when the labs are removed. */
async function allSettledOrThrow(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason as Error;
}

/** The environment of a run. */
function environment({
  engine,
  image,
  version,
}: Pick<RunOptions, 'engine' | 'image' | 'version'>): Results['environment'] {
  return {
    l4lab: version,
    node: process.version,
    engine: engine.name,
    kernel: engine.kernel,
    os: engine.os,
    cpus: engine.cpus,
    image,
  };
}
