import type { Engine } from '../fabric/engine.ts';
import type { Results, ScenarioResult } from '../judge/results.ts';
import type { LoadedScenario } from '../scenario/files.ts';
import type { OnEvent } from './events.ts';
import { LabPool, topologyKey } from './lab-pool.ts';
import { plansOf, runScenario, type Selection } from './scenario.ts';

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
}

/** Runs scenarios and gathers what came of them, in the order given. Whatever was booted is gone afterwards. */
export async function run(scenarios: LoadedScenario[], options: RunOptions): Promise<Results> {
  const { engine, image, selection, onEvent, signal } = options;
  const startedAt = new Date();
  const flows = scenarios
    .flatMap((loaded) => plansOf(loaded, selection))
    .reduce((sum, { plan }) => sum + plan.flows.length, 0);
  onEvent({ event: 'started', scenarios: scenarios.length, flows });
  await using pool = new LabPool({
    engine,
    image,
    ...(options.labels ? { labels: options.labels } : {}),
    ...(options.captures === undefined ? {} : { captures: options.captures }),
    ...(signal ? { signal } : {}),
  });
  const results = new Map<LoadedScenario, ScenarioResult>();
  const waiting = byTopology(scenarios, selection);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      signal?.throwIfAborted();
      results.set(next, await runScenario(next, pool, selection, onEvent, signal));
    }
  };
  await allSettledOrThrow(Array.from({ length: Math.max(1, options.concurrency) }, worker));
  // What was stopped half-way is no result.
  signal?.throwIfAborted();
  return {
    version: 1,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    environment: environment(options),
    scenarios: scenarios.flatMap((loaded) => results.get(loaded) ?? []),
  };
}

/** Waits for all, so that nothing is under way when the labs are taken down, and then throws the first error. */
async function allSettledOrThrow(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason as Error;
}

/** Scenarios on the same topology follow one another, so that they share a lab. */
function byTopology(scenarios: LoadedScenario[], selection: Selection): LoadedScenario[] {
  const groups = new Map<string, LoadedScenario[]>();
  for (const loaded of scenarios) {
    const plan = plansOf(loaded, selection)[0]?.plan;
    const key = plan ? topologyKey(plan) : '';
    groups.set(key, [...(groups.get(key) ?? []), loaded]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length).flat();
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
