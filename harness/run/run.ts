import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Engine } from '../fabric/engine.ts';
import type { Topology } from '../fabric/lab-topology.ts';
import type { Results, ScenarioResult } from '../terms/results.ts';
import type { LoadedScenario } from '../scenario/plans.ts';
import type { OnEvent } from './events.ts';
import { LabPool } from './lab-pool.ts';
import { expectedLengths, type Durations } from './lengths.ts';
import { Queue } from './queue.ts';
import { runScenario } from './scenario.ts';
import { plansOf, type Selection } from '../scenario/plans.ts';
import { withCounterfactuals } from '../model/what-if.ts';

export interface RunOptions {
  engine: Engine;
  image: string;
  /** Version of l4lab, for the record. */
  version: string;
  labels?: Record<string, string>;
  selection: Selection;
  /** Labs that are busy at the same time. */
  concurrency: number;
  onEvent: OnEvent;
  /** As in BootOptions. */
  captures?: boolean;
  signal?: AbortSignal;
  /** Labs that outlive the run; a run without has a pool of its own, which ends with it. */
  pool?: LabPool;
  /** How long variants took last time: the longest begin first, and events tell how long is left. */
  durations?: Durations;
  /** Gets the results as soon as they are there: the labs are taken down afterwards. */
  onResults?: (results: Results) => Promise<void>;
}

/**
 * One for each processor: another one would save little (4 % of the library's time on two), and what waits for a
 * processor then is the judgement of flows. Four are enough for memory.
 */
export function labsAtOnce(cpus: number): number {
  return Math.min(4, cpus);
}

/**
 * Runs scenarios and gathers what came of them, in the order given. Whatever was booted is gone at the end, unless it
 * belongs to a pool that was given. When the user stops the run, what had finished is kept, and everything else was not run.
 */
export async function run(scenarios: LoadedScenario[], options: RunOptions): Promise<Results> {
  const { engine, image, selection, onEvent, signal } = options;
  const startedAt = new Date();
  const plansBy = new Map(scenarios.map((loaded) => [loaded, plansOf(loaded, selection).map(({ plan }) => plan)]));
  const plans = [...plansBy.values()].flat();
  const flows = plans.reduce((sum, plan) => sum + plan.flows.length, 0);
  const lengths = expectedLengths(plans, options.durations ?? new Map());
  const lengthOf = (loaded: LoadedScenario): number =>
    plansBy.get(loaded)!.reduce((sum, plan) => sum + lengths.of.get(plan)!, 0);
  const expectedMs = Object.fromEntries(scenarios.map((loaded) => [loaded.scenario.name, lengthOf(loaded)]));
  onEvent({
    event: 'started',
    scenarios: scenarios.length,
    flows,
    ...(lengths.inMs ? { forecast: { expectedMs, atOnce: options.concurrency } } : {}),
  });
  await using own = options.pool
    ? null
    : new LabPool({
        engine,
        image,
        ...(options.labels ? { labels: options.labels } : {}),
        ...(options.captures === undefined ? {} : { captures: options.captures }),
        ...(signal ? { signal } : {}),
      });
  const pool = options.pool ?? own!;
  pool.foresee(plans, options.concurrency);
  /** Topology that a scenario begins on; scenarios without a selected flow need none. */
  const topologyOf = (loaded: LoadedScenario): Topology | null => {
    const plan = plansBy.get(loaded)?.[0];
    return plan ? pool.topologyFor(plan) : null;
  };
  const results = new Map<LoadedScenario, ScenarioResult>();
  const longestFirst = [...scenarios].sort((a, b) => lengthOf(b) - lengthOf(a));
  const queue = new Queue(longestFirst, topologyOf, lengthOf);
  const worker = async (): Promise<void> => {
    const mine = queue.worker();
    for (let loaded = mine.next(); loaded; loaded = mine.next()) {
      results.set(loaded, await runScenario(loaded, pool, selection, { onEvent, signal }));
      const topology = topologyOf(loaded);
      // With nothing left to run, somebody waits for the results: taking down comes after them.
      if (own && topology && !queue.has(topology) && !queue.isEmpty) pool.retire(topology);
    }
  };
  await allSettledOrThrow(Array.from({ length: Math.max(1, options.concurrency) }, worker));
  const interrupted = signal?.aborted === true;
  // Tens of milliseconds for each failure: nobody waits for the judgement of his flow any more.
  const explained: ScenarioResult[] = [];
  for (const loaded of scenarios) {
    const result = results.get(loaded);
    if (result) explained.push(signal?.aborted === true ? result : withCounterfactuals(result, loaded));
    // Whoever wants to stop is heard in between.
    await othersTurn();
  }
  const outcome: Results = {
    version: 3,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    environment: environment(options),
    ...(interrupted ? { interrupted } : {}),
    scenarios: explained,
  };
  await options.onResults?.(outcome);
  return outcome;
}

/** Waits for all, so that nothing is under way when the labs are taken down, and then throws the first error. */
async function allSettledOrThrow(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason as Error;
}

/** What a run ran on. */
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
