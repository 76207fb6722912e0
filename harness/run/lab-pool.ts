import { L4labError } from '../errors.ts';
import { Lab, type BootOptions } from '../fabric/lab.ts';
import { contains, labsFor, topologyOf, type Topology } from '../fabric/lab-topology.ts';
import { Recorder } from '../observe/recorder.ts';
import type { Plan } from '../terms/plan.ts';
import { BootGate } from './boot-gate.ts';

/** A booted lab with the recording of its wires. */
export interface PooledLab {
  lab: Lab;
  recorder: Recorder;
  bootMs: number;
  topology: Topology;
  /** Says when the user wants to stop. */
  signal: AbortSignal | undefined;
  /** Does what must wait for timers while no lab of the pool boots. */
  undisturbed: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Idle labs that are kept for the next scenario on the same topology. */
const IDLE_LIMIT = 2;

/** Boots labs and keeps them for reuse: booting costs seconds, configuring milliseconds. */
export class LabPool implements AsyncDisposable {
  readonly #idle: PooledLab[] = [];
  readonly #all = new Set<PooledLab>();
  readonly #closing: Promise<void>[] = [];
  readonly #gate = new BootGate();
  readonly #topologies: Topology[];
  /** Stands in the way of every further lab as well. */
  #firewall: L4labError | null = null;
  /** Whether no lab has booted yet. */
  unused = true;

  /** @param known plans that will be asked for, by so many workers at once: those that are alike share labs */
  constructor(
    private readonly options: BootOptions,
    known: { plans: Plan[]; workers: number } = { plans: [], workers: 1 },
  ) {
    this.#topologies = labsFor(known.plans.map(topologyOf), known.workers);
  }

  /** The topology that is booted for a plan: the plan's own, or one that contains it. */
  topologyFor(plan: Plan): Topology {
    const own = topologyOf(plan);
    return this.#topologies.find((topology) => contains(topology, own)) ?? own;
  }

  async acquire(plan: Plan): Promise<PooledLab> {
    const own = topologyOf(plan);
    const index = this.#idle.findIndex((lab) => contains(lab.topology, own));
    if (index >= 0) return { ...this.#idle.splice(index, 1)[0]!, bootMs: 0 };
    const began = performance.now();
    const topology = this.topologyFor(plan);
    if (this.#firewall !== null) throw this.#firewall;
    const lab = await this.#gate
      .enter('boot', () => Lab.boot(topology, this.options))
      .catch((error: unknown) => {
        if (error instanceof L4labError && error.code === 'host-firewall') this.#firewall = error;
        throw error;
      });
    this.unused = false;
    const recorder = new Recorder();
    lab.onFrames((node, iface, frames) => recorder.add(node, iface, frames));
    const { signal } = this.options;
    const undisturbed: PooledLab['undisturbed'] = (work) => this.#gate.enter('wait', work);
    const pooled = { lab, recorder, topology, signal, bootMs: performance.now() - began, undisturbed };
    this.#all.add(pooled);
    return pooled;
  }

  /** Gives a lab back. One that is not as fresh as it was booted is thrown away, which nobody has to wait for. */
  release(pooled: PooledLab, clean: boolean): void {
    if (clean) this.#idle.push(pooled);
    this.#discard(clean ? this.#idle.splice(0, Math.max(0, this.#idle.length - IDLE_LIMIT)) : [pooled]);
  }

  /** Ends the idle labs of a topology that nobody will ask for any more. */
  retire(topology: Topology): void {
    const of = (wanted: boolean): PooledLab[] => this.#idle.filter((lab) => (lab.topology === topology) === wanted);
    const [retired, kept] = [of(true), of(false)];
    this.#idle.splice(0, this.#idle.length, ...kept);
    this.#discard(retired);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#closing, ...[...this.#all].map((lab) => this.#close(lab))]);
  }

  #discard(labs: PooledLab[]): void {
    for (const lab of labs) {
      const closing = this.#close(lab);
      // Whoever ends the pool is told of a failure.
      closing.catch(() => undefined);
      this.#closing.push(closing);
    }
  }

  async #close(pooled: PooledLab): Promise<void> {
    for (const one of this.#all) if (one.lab === pooled.lab) this.#all.delete(one);
    await pooled.lab[Symbol.asyncDispose]();
  }
}
