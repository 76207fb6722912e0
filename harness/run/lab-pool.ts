import { L4labError } from '../errors.ts';
import { Lab } from '../fabric/lab.ts';
import type { BootOptions } from '../fabric/boot-lab.ts';
import { additions, canRun, extended, labsFor, topologyOf, type Topology } from '../fabric/lab-topology.ts';
import { Recorder } from '../observe/recorder.ts';
import type { Plan } from '../terms/plan.ts';
import type { Trunks, TunnelKind } from '../terms/results.ts';
import { BootGate } from './boot-gate.ts';

/** A booted lab with the recording of its frames. */
export interface PooledLab {
  lab: Lab;
  recorder: Recorder;
  bootMs: number;
  topology: Topology;
  /** Aborted when the user interrupts. */
  signal: AbortSignal | undefined;
  /** Runs work that depends on timers while no lab of the pool boots. */
  undisturbed: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Limits of a pool. */
export interface PoolLimits {
  /** Idle labs kept for the next scenario on the same topology; two by default. */
  idle?: number;
  /** Time after which an idle lab is removed, ms; never by default. */
  idleMs?: number;
  /** Whether a warm lab may be extended for a topology instead of booting another one. Off by default. */
  grow?: boolean;
  /** Maximum number of labs in use; further requests wait. Unlimited by default. */
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
  /** A firewall that blocks every lab. */
  #firewall: L4labError | null = null;
  /** Whether no lab has booted yet. */
  unused = true;
  /** How trunks of its labs carry VLANs; null if unknown so far. */
  trunks: Trunks | null = null;
  /** The same for tunnels. */
  tunnels: TunnelKind | null = null;

  constructor(
    private readonly options: BootOptions,
    private readonly limits: PoolLimits = {},
  ) {}

  /** Announces the plans that will be requested, and the number of workers: similar plans share labs. */
  announcePlans(plans: Plan[], workers: number): void {
    this.#topologies = labsFor(plans.map(topologyOf), workers);
    // The firewall may have been fixed since.
    this.#firewall = null;
  }

  /** The topology to boot for a plan: its own, or one that can run it. */
  topologyFor(plan: Plan): Topology {
    const own = topologyOf(plan);
    return this.#topologies.find((topology) => canRun(topology, own)) ?? own;
  }

  /**
   * A lab with everything that a plan needs: a warm one, or a newly booted one. Must be released.
   * @param signal of the run that uses the lab, if not the pool's own
   */
  async acquire(plan: Plan, signal = this.options.signal): Promise<PooledLab> {
    await this.#turn();
    try {
      return this.#warm(plan, signal) ?? (await this.#extended(plan, signal)) ?? (await this.#boot(plan, signal));
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
    const pooled = this.#idle.find((lab) => canRun(lab.topology, own));
    if (pooled === undefined) return null;
    this.#take(pooled);
    return { ...pooled, bootMs: 0, signal };
  }

  /** A warm lab extended with what it lacked; removed if that fails. */
  async #extended(plan: Plan, signal: AbortSignal | undefined): Promise<PooledLab | null> {
    if (this.limits.grow !== true) return null;
    const own = topologyOf(plan);
    const pooled = this.#idle.find(({ topology, lab }) => extended(topology, own, lab.trunks) !== null);
    if (pooled === undefined) return null;
    this.#take(pooled);
    const began = performance.now();
    const topology = extended(pooled.topology, own, pooled.lab.trunks)!;
    const added = additions(topology, pooled.topology);
    try {
      await this.#gate.enter('boot', () => pooled.lab.grow(added, { ...this.options, ipv6: topology.ipv6 }));
    } catch {
      // Ignores the error: a boot would show it too.
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

  /** Releases a lab. Unless clean, it is removed in the background. */
  release(pooled: PooledLab, clean: boolean): void {
    if (clean) {
      this.#idle.push(pooled);
      this.#endUnlessUsed(pooled);
    }
    const surplus = Math.max(0, this.#idle.length - (this.limits.idle ?? IDLE_LIMIT));
    this.#discard(clean ? this.#idle.splice(0, surplus) : [pooled]);
    this.#leave();
  }

  /** Waits until another lab may be used. */
  async #turn(): Promise<void> {
    if (this.#inUse < (this.limits.atOnce ?? Infinity)) this.#inUse += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Passes the slot to the longest-waiting request. */
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

  /** Removes idle labs of a topology that is no longer needed. */
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
      // A failure is reported when the pool is disposed.
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
