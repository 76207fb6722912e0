import type { Lab } from '../fabric/lab.ts';
import type { CallRecord } from '../terms/timeline-results.ts';
import type { StreamPlan } from '../terms/plan.ts';
import { nextTokenPrefix } from './flow-key.ts';
import { streamPorts } from './source-ports.ts';

/** The streams of a plan, run by their callers, and the recorded calls. */
export class Streams {
  #records: CallRecord[] = [];

  constructor(
    private readonly plans: StreamPlan[],
    private readonly lab: Lab,
  ) {}

  /** Prepares all of them; no calls before `resume`. */
  async start(): Promise<void> {
    for (const caller of this.#callers()) {
      this.lab.node(caller).onCalls = (records) => void this.#records.push(...records);
    }
    await this.#each((plan) => {
      const { from, name, protocol, address, port, everyMs, timeoutMs, connection, connections } = plan;
      const ofCaller = this.plans.filter((other) => other.from === from);
      return this.lab.node(from).call('startStream', {
        ...{ name, protocol, address, port, everyMs, timeoutMs, connection, connections },
        ...(plan.sourcePort === undefined ? {} : { sourcePort: plan.sourcePort }),
        sourcePorts: streamPorts(ofCaller.indexOf(plan), ofCaller.length),
        tokens: nextTokenPrefix(),
        bytes: { request: plan.requestBytes, reply: plan.replyBytes },
      });
    });
  }

  /** Starts calls, which belong to a step. @returns earliest start of the first call, ms since 1970 */
  async resume(step: number): Promise<number> {
    return Math.min(
      ...(await this.#each(({ from, name }) => this.lab.node(from).call('resumeStream', { stream: name, step }))),
    );
  }

  /**
   * Stops starting calls, and waits until those in flight have ended.
   * @returns the time of that, ms since 1970
   */
  async pause(): Promise<number> {
    return Math.max(
      ...(await this.#each(({ from, name }) => this.lab.node(from).call('pauseStream', { stream: name }))),
    );
  }

  /** Ends all of them with their connections. */
  async stop(): Promise<void> {
    await this.#each(({ from, name }) => this.lab.node(from).call('stopStream', { stream: name }));
    for (const caller of this.#callers()) this.lab.node(caller).onCalls = () => undefined;
  }

  /** Returns and discards the recorded calls of a step. */
  take(step: number): CallRecord[] {
    const taken = this.#records.filter((record) => record.step === step);
    this.#records = this.#records.filter((record) => record.step !== step);
    return taken;
  }

  #callers(): Set<string> {
    return new Set(this.plans.map(({ from }) => from));
  }

  #each<T>(work: (plan: StreamPlan) => Promise<T>): Promise<T[]> {
    return Promise.all(this.plans.map(work));
  }
}
