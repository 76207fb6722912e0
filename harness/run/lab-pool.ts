import { L4labError } from '../errors.ts';
import { Lab } from '../fabric/lab.ts';
import type { BootOptions } from '../fabric/boot-lab.ts';
import { beyond, contains, grown, labsFor, topologyOf, type Topology } from '../fabric/lab-topology.ts';
import { Recorder } from '../observe/recorder.ts';
import type { Plan } from '../terms/plan.ts';
import type { Trunks, TunnelKind } from '../terms/results.ts';
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

/** How many labs a pool has, and for how long. */
export interface PoolLimits {
  /** Labs that are kept for the next scenario on the same topology; two by default. */
  idle?: number;
  /** After so long without use a lab ends, ms; never by default. */
  idleMs?: number;
  /** Whether a warm lab may get what a topology has beyond it, instead of booting another one. Not by default. */
  grow?: boolean;
  /** Labs that are used at the same time: whoever wants another one waits. No limit by default. */
  atOnce?: number;
}

const IDLE_LIMIT = 2;

/** Boots labs and keeps them for reuse: booting costs seconds, configuring milliseconds. */
export class LabPool implements AsyncDisposable {
  readonly #idle: PooledLab[] = [];
  readonly #all = new Set<PooledLab>();
  readonly #closing: Promise<void>[] = [];
  readonly #gate = new BootGate();
  readonly #endings = new Map<Lab, NodeJS.Timeout>();
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;
  #topologies: Topology[] = [];
  /** Stands in the way of every further lab as well. */
  #firewall: L4labError | null = null;
  /** Whether no lab has booted yet. */
  unused = true;
  /** How trunks of its labs carry VLANs; null where none had one yet. */
  trunks: Trunks | null = null;
  /** The same of its tunnels. */
  tunnels: TunnelKind | null = null;

  constructor(
    private readonly options: BootOptions,
    private readonly limits: PoolLimits = {},
  ) {}

  /** Tells which plans will be asked for from now on, by so many workers at once: those that are alike share labs. */
  foresee(plans: Plan[], workers: number): void {
    this.#topologies = labsFor(plans.map(topologyOf), workers);
    // The firewall may have been seen to since.
    this.#firewall = null;
  }

  /** The topology that is booted for a plan: the plan's own, or one that contains it. */
  topologyFor(plan: Plan): Topology {
    const own = topologyOf(plan);
    return this.#topologies.find((topology) => contains(topology, own)) ?? own;
  }

  /**
   * A lab that has all that a plan needs: a warm one, or one that is booted now. Whoever gets one gives it back.
   * @param signal of the run that the lab is for, where that is not the pool's own
   */
  async acquire(plan: Plan, signal = this.options.signal): Promise<PooledLab> {
    await this.#turn();
    try {
      return this.#warm(plan, signal) ?? (await this.#grown(plan, signal)) ?? (await this.#boot(plan, signal));
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #warm(plan: Plan, signal: AbortSignal | undefined): PooledLab | null {
    const own = topologyOf(plan);
    const dead = this.#idle.filter(({ lab }) => !lab.isAlive);
    for (const pooled of dead) this.#idle.splice(this.#idle.indexOf(pooled), 1);
    this.#discard(dead);
    const pooled = this.#idle.find((lab) => contains(lab.topology, own));
    if (pooled === undefined) return null;
    this.#take(pooled);
    return { ...pooled, bootMs: 0, signal };
  }

  /** A warm lab that has been given what it lacked; one that could not take it is ended. */
  async #grown(plan: Plan, signal: AbortSignal | undefined): Promise<PooledLab | null> {
    if (this.limits.grow !== true) return null;
    const own = topologyOf(plan);
    const pooled = this.#idle.find(({ topology, lab }) => grown(topology, own, lab.trunks) !== null);
    if (pooled === undefined) return null;
    this.#take(pooled);
    const began = performance.now();
    const topology = grown(pooled.topology, own, pooled.lab.trunks)!;
    const added = beyond(topology, pooled.topology);
    try {
      await this.#gate.enter('boot', () => pooled.lab.grow(added, { ...this.options, ipv6: topology.ipv6 }));
    } catch {
      // Whatever it was, a boot shows it as well.
      this.#discard([pooled]);
      return null;
    }
    this.trunks ??= pooled.lab.trunks;
    return { ...pooled, topology, bootMs: performance.now() - began, signal };
  }

  #take(pooled: PooledLab): void {
    this.#idle.splice(this.#idle.indexOf(pooled), 1);
    this.#isUsed(pooled.lab);
  }

  async #boot(plan: Plan, signal: AbortSignal | undefined): Promise<PooledLab> {
    const began = performance.now();
    const topology = this.topologyFor(plan);
    if (this.#firewall !== null) throw this.#firewall;
    const lab = await this.#gate
      .enter('boot', () => Lab.boot(topology, { ...this.options, ...(signal ? { signal } : {}) }))
      .catch((error: unknown) => {
        if (error instanceof L4labError && error.code === 'host-firewall') this.#firewall = error;
        throw error;
      });
    this.unused = false;
    this.trunks ??= lab.trunks;
    this.tunnels ??= lab.tunnels;
    const recorder = new Recorder();
    lab.onFrames((node, iface, frames) => recorder.add(node, iface, frames));
    const undisturbed: PooledLab['undisturbed'] = (work) => this.#gate.enter('wait', work);
    const pooled = { lab, recorder, topology, signal, bootMs: performance.now() - began, undisturbed };
    this.#all.add(pooled);
    return pooled;
  }

  /** Gives a lab back. One that is not as fresh as it was booted is thrown away, which nobody has to wait for. */
  release(pooled: PooledLab, clean: boolean): void {
    if (clean) {
      this.#idle.push(pooled);
      this.#endUnlessUsed(pooled);
    }
    const surplus = Math.max(0, this.#idle.length - (this.limits.idle ?? IDLE_LIMIT));
    this.#discard(clean ? this.#idle.splice(0, surplus) : [pooled]);
    this.#leave();
  }

  /** Waits until one lab more may be used. */
  async #turn(): Promise<void> {
    if (this.#inUse < (this.limits.atOnce ?? Infinity)) this.#inUse += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the turn on to whoever has waited longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inUse -= 1;
  }

  #endUnlessUsed(pooled: PooledLab): void {
    const { idleMs } = this.limits;
    if (idleMs === undefined) return;
    const end = (): void => {
      this.#idle.splice(this.#idle.indexOf(pooled), 1);
      this.#discard([pooled]);
    };
    this.#endings.set(pooled.lab, setTimeout(end, idleMs).unref());
  }

  #isUsed(lab: Lab): void {
    clearTimeout(this.#endings.get(lab));
    this.#endings.delete(lab);
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
    this.#isUsed(pooled.lab);
    for (const one of this.#all) if (one.lab === pooled.lab) this.#all.delete(one);
    await pooled.lab[Symbol.asyncDispose]();
  }
}
