import type { Engine } from '../fabric/engine.ts';
import { withDeadline } from '../with-deadline.ts';
import type { Topology } from '../fabric/lab-topology.ts';
import type { Plan } from '../terms/plan.ts';
import type { Environment, ScenarioResult } from '../terms/results.ts';
import { LabPool } from './lab-pool.ts';
import { labsAtOnce } from './labs-at-once.ts';
import type { RunOptions } from './run-options.ts';

/** An engine used by a run, and its labs. */
export interface EngineSlot {
  readonly engine: Engine;
  readonly pool: LabPool;
  /** Number of labs in use at the same time. */
  readonly workers: number;
  /** Names of scenarios run on it. */
  readonly scenarios: string[];
  /** Whether the engine stopped answering. */
  lost: boolean;
}

/** Timeout for pinging an engine, ms. */
const PING_MS = 5000;

/** The engines of a run, which share its labs. */
export class EngineSlots implements AsyncDisposable {
  readonly #all: EngineSlot[];
  /** Whether the labs of the first engine outlive the run. */
  readonly #isPoolShared: boolean;

  constructor(options: RunOptions, plans: Plan[]) {
    const { engine, more = [], image, labels, captures, signal, pool, concurrency } = options;
    const common = { image, ...(captures === undefined ? {} : { captures }), ...(signal ? { signal } : {}) };
    const slotOf = (at: Engine, ready: LabPool | undefined, workers: number): EngineSlot => ({
      engine: at,
      // The reaper belongs to the first engine.
      pool: ready ?? new LabPool({ ...common, engine: at, ...(labels && at === engine ? { labels } : {}) }),
      workers: Math.max(1, workers),
      scenarios: [],
      lost: false,
    });
    this.#all = [slotOf(engine, pool, concurrency), ...more.map((at) => slotOf(at, undefined, labsAtOnce(at.cpus)))];
    this.#isPoolShared = pool !== undefined;
    for (const slot of this.#all) slot.pool.announcePlans(plans, this.workers);
  }

  get alive(): EngineSlot[] {
    return this.#all.filter(({ lost }) => !lost);
  }

  /** Number of labs in use at the same time on all engines. */
  get workers(): number {
    return this.#all.reduce((sum, { workers }) => sum + workers, 0);
  }

  /** The topology to boot for a plan, on any engine. */
  topologyFor(plan: Plan): Topology {
    return this.#all[0]!.pool.topologyFor(plan);
  }

  /** Removes idle labs of a topology that is no longer needed. */
  retire(topology: Topology): void {
    for (const { pool } of this.#isPoolShared ? this.#all.slice(1) : this.#all) pool.retire(topology);
  }

  /**
   * Whether a scenario was not run because its engine stopped answering while another one is available. The last engine
   * is never given up: its results say what is missing.
   */
  async isLost(slot: EngineSlot, { variants }: ScenarioResult): Promise<boolean> {
    const notRun = variants.some(({ flows }) => flows.some(({ verdict }) => verdict === 'not-run'));
    if (!notRun || slot.lost) return slot.lost && notRun;
    const isLast = (): boolean => this.alive.every((one) => one === slot);
    if (isLast() || (await answers(slot.engine))) return false;
    // Others may have stopped answering meanwhile.
    slot.lost = !isLast();
    return slot.lost;
  }

  /** Facts about the labs' environment for the results; per engine if there are several. */
  record(): Pick<Environment, 'engines' | 'trunks' | 'tunnels'> {
    const first = labKindsOf(this.#all[0]!);
    if (this.#all.length === 1) return first;
    return {
      ...first,
      engines: this.#all.map((slot) => {
        const { endpoint, name, kernel, cpus } = slot.engine;
        const scenarios = [...slot.scenarios].sort();
        return { endpoint, name, kernel, cpus, ...labKindsOf(slot), scenarios, lost: slot.lost };
      }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const own = this.#isPoolShared ? this.#all.slice(1) : this.#all;
    await Promise.all(
      own.map(async ({ pool, lost }) => {
        const ended = pool[Symbol.asyncDispose]();
        // Leftovers on a lost engine are removed by the next run.
        await (lost ? ended.catch(() => undefined) : ended);
      }),
    );
  }
}

/** How an engine's labs implement trunks and tunnels. */
function labKindsOf({ pool: { trunks, tunnels } }: EngineSlot): Pick<Environment, 'trunks' | 'tunnels'> {
  return { ...(trunks === null ? {} : { trunks }), ...(tunnels === null ? {} : { tunnels }) };
}

async function answers({ docker }: Engine): Promise<boolean> {
  const answer = docker.ping().then(
    () => true,
    () => false,
  );
  return (await withDeadline(answer, PING_MS)) === true;
}
