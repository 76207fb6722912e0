import { setTimeout } from 'node:timers/promises';
import type { Engine } from '../fabric/engine.ts';
import type { Topology } from '../fabric/lab-topology.ts';
import type { Plan } from '../terms/plan.ts';
import type { Environment, ScenarioResult } from '../terms/results.ts';
import { LabPool } from './lab-pool.ts';
import { labsAtOnce } from './labs-at-once.ts';
import type { RunOptions } from './run-options.ts';

/** An engine that a run uses, and its labs there. */
export interface EngineSlot {
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
export class EngineSlots implements AsyncDisposable {
  readonly #all: EngineSlot[];
  /** Whether the labs of the first engine outlive the run. */
  readonly #lent: boolean;

  constructor(options: RunOptions, plans: Plan[]) {
    const { engine, more = [], image, labels, captures, signal, pool, concurrency } = options;
    const common = { image, ...(captures === undefined ? {} : { captures }), ...(signal ? { signal } : {}) };
    const slotOf = (at: Engine, ready: LabPool | undefined, workers: number): EngineSlot => ({
      engine: at,
      // The reaper that labels are for is the first engine's.
      pool: ready ?? new LabPool({ ...common, engine: at, ...(labels && at === engine ? { labels } : {}) }),
      workers: Math.max(1, workers),
      scenarios: [],
      lost: false,
    });
    this.#all = [slotOf(engine, pool, concurrency), ...more.map((at) => slotOf(at, undefined, labsAtOnce(at.cpus)))];
    this.#lent = pool !== undefined;
    for (const slot of this.#all) slot.pool.foresee(plans, this.workers);
  }

  get alive(): EngineSlot[] {
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
  async isLost(slot: EngineSlot, { variants }: ScenarioResult): Promise<boolean> {
    const notRun = variants.some(({ flows }) => flows.some(({ verdict }) => verdict === 'not-run'));
    if (!notRun || slot.lost) return slot.lost && notRun;
    const isLast = (): boolean => this.alive.every((one) => one === slot);
    if (isLast() || (await answers(slot.engine))) return false;
    // Others may have gone away while this one was asked.
    slot.lost = !isLast();
    return slot.lost;
  }

  /** What results say of what labs met: of each engine, where there are several. */
  record(): Pick<Environment, 'engines' | 'trunks' | 'tunnels'> {
    const first = madeIn(this.#all[0]!);
    if (this.#all.length === 1) return first;
    return {
      ...first,
      engines: this.#all.map((slot) => {
        const { endpoint, name, kernel, cpus } = slot.engine;
        const scenarios = [...slot.scenarios].sort();
        return { endpoint, name, kernel, cpus, ...madeIn(slot), scenarios, lost: slot.lost };
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

/** How labs of an engine were made. */
function madeIn({ pool: { trunks, tunnels } }: EngineSlot): Pick<Environment, 'trunks' | 'tunnels'> {
  return { ...(trunks === null ? {} : { trunks }), ...(tunnels === null ? {} : { tunnels }) };
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
