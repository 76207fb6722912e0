import { setTimeout } from 'node:timers/promises';
import type { Engine } from '../fabric/engine.ts';
import type { Topology } from '../fabric/lab-topology.ts';
import type { Plan } from '../terms/plan.ts';
import type { Environment, ScenarioResult } from '../terms/results.ts';
import { LabPool } from './lab-pool.ts';
import { labsAtOnce } from './labs-at-once.ts';
import type { RunOptions } from './run-options.ts';

/** An engine that a run uses, and its labs there. */
export interface Place {
  readonly engine: Engine;
  readonly pool: LabPool;
  /** Labs that are busy there at the same time. */
  readonly workers: number;
  /** Names of those that ran there. */
  readonly scenarios: string[];
  /** Whether the engine went away. */
  lost: boolean;
}

/** How long an engine may take to say that it is there, ms. */
const PING_MS = 5000;

/** The engines that a run spreads its labs over. */
export class Places implements AsyncDisposable {
  readonly #all: Place[];
  /** Whether the labs of the first engine outlive the run. */
  readonly #lent: boolean;

  constructor(options: RunOptions, plans: Plan[]) {
    const { engine, more = [], image, labels, captures, signal, pool, concurrency } = options;
    const common = { image, ...(captures === undefined ? {} : { captures }), ...(signal ? { signal } : {}) };
    const placeOf = (at: Engine, ready: LabPool | undefined, workers: number): Place => ({
      engine: at,
      // The reaper that labels are for is the first engine's.
      pool: ready ?? new LabPool({ ...common, engine: at, ...(labels && at === engine ? { labels } : {}) }),
      workers: Math.max(1, workers),
      scenarios: [],
      lost: false,
    });
    this.#all = [placeOf(engine, pool, concurrency), ...more.map((at) => placeOf(at, undefined, labsAtOnce(at.cpus)))];
    this.#lent = pool !== undefined;
    for (const place of this.#all) place.pool.foresee(plans, this.workers);
  }

  get alive(): Place[] {
    return this.#all.filter(({ lost }) => !lost);
  }

  /** Labs that are busy at the same time, of all engines. */
  get workers(): number {
    return this.#all.reduce((sum, { workers }) => sum + workers, 0);
  }

  /** The topology that is booted for a plan, on whichever engine. */
  topologyFor(plan: Plan): Topology {
    return this.#all[0]!.pool.topologyFor(plan);
  }

  /** Ends the idle labs of a topology that nobody will ask for any more. */
  retire(topology: Topology): void {
    for (const { pool } of this.#lent ? this.#all.slice(1) : this.#all) pool.retire(topology);
  }

  /**
   * Whether a scenario could not be run because its engine went away, while another one is there to run it. The last one
   * is never given up: its results say what is missing.
   */
  async isLost(place: Place, { variants }: ScenarioResult): Promise<boolean> {
    const notRun = variants.some(({ flows }) => flows.some(({ verdict }) => verdict === 'not-run'));
    if (!notRun || place.lost) return place.lost && notRun;
    const isLast = (): boolean => this.alive.every((one) => one === place);
    if (isLast() || (await answers(place.engine))) return false;
    // Others may have gone away while this one was asked.
    place.lost = !isLast();
    return place.lost;
  }

  /** What results say of what labs met: of each engine, where there are several. */
  record(): Pick<Environment, 'engines' | 'trunks'> {
    const first = trunksOf(this.#all[0]!);
    if (this.#all.length === 1) return first;
    return {
      ...first,
      engines: this.#all.map((place) => {
        const { endpoint, name, kernel, cpus } = place.engine;
        const scenarios = [...place.scenarios].sort();
        return { endpoint, name, kernel, cpus, ...trunksOf(place), scenarios, lost: place.lost };
      }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const own = this.#lent ? this.#all.slice(1) : this.#all;
    await Promise.all(
      own.map(async ({ pool, lost }) => {
        const ended = pool[Symbol.asyncDispose]();
        // What is left on an engine that went away is for the next run to sweep.
        await (lost ? ended.catch(() => undefined) : ended);
      }),
    );
  }
}

function trunksOf({ pool: { trunks } }: Place): Pick<Environment, 'trunks'> {
  return trunks === null ? {} : { trunks };
}

async function answers({ docker }: Engine): Promise<boolean> {
  const late = new AbortController();
  const answer = docker.ping().then(
    () => true,
    () => false,
  );
  const silence = setTimeout(PING_MS, false, { signal: late.signal }).catch(() => false);
  return Promise.race([answer, silence]).finally(() => late.abort());
}
