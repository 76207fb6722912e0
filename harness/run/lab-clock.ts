import type { NodeHandle } from '../fabric/node-handle.ts';

const TRIES = 5;

/** The clock of a lab's captures; a remote engine has another clock than this machine. */
export class LabClock {
  /** Difference to `performance.now`, ms. */
  #ahead = 0;
  #epoch = 0;

  constructor(private readonly node: NodeHandle) {}

  /** Reads a node's clock; of several answers, the fastest is the most accurate. */
  async set(): Promise<void> {
    let quickest = Infinity;
    for (let i = 0; i < TRIES; i++) {
      const asked = performance.now();
      const at = await this.node.call('clock', null);
      const tookMs = performance.now() - asked;
      if (tookMs >= quickest) continue;
      quickest = tookMs;
      this.#ahead = at - (asked + tookMs / 2);
    }
    if (this.#epoch === 0) this.#epoch = Math.floor(performance.now() + this.#ahead);
  }

  /** When it was first set: the epoch of the times below, nanoseconds since 1970 (digits). */
  get epoch(): string {
    return this.nanoseconds(0).toString();
  }

  /** Ms since the epoch. */
  now(): number {
    return this.since(performance.now() + this.#ahead);
  }

  /** @param at ms since 1970 on this clock */
  since(at: number): number {
    return at - this.#epoch;
  }

  /** @param ms since the epoch @returns nanoseconds since 1970 */
  nanoseconds(ms: number): bigint {
    return BigInt(this.#epoch) * 1_000_000n + BigInt(Math.round(ms * 1e6));
  }
}
