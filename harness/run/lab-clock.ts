import type { NodeHandle } from '../fabric/node-handle.ts';

const TRIES = 5;

/** The clock of a lab's captures, which need not be this machine's: an engine may be far away. */
export class LabClock {
  /** By so much it is ahead of `performance.now`, ms. */
  #ahead = 0;
  #epoch = 0;

  constructor(private readonly node: NodeHandle) {}

  /** Asks a node what time it is; the quickest of several answers is nearest to the truth. */
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

  /** When it was first set, which the times below count from: nanoseconds since 1970 (digits). */
  get epoch(): string {
    return this.nanoseconds(0).toString();
  }

  /** Ms since the epoch. */
  now(): number {
    return this.since(performance.now() + this.#ahead);
  }

  /** @param at ms since 1970, by this clock */
  since(at: number): number {
    return at - this.#epoch;
  }

  /** @param ms since the epoch @returns nanoseconds since 1970 */
  nanoseconds(ms: number): bigint {
    return BigInt(this.#epoch) * 1_000_000n + BigInt(Math.round(ms * 1e6));
  }
}
