import type { Started } from './run.ts';
import { start } from './run.ts';

/**
 * An `nft` that has started already when a script comes, since starting it takes as long as many a change. One that waits
 * when this process is killed meets the end of its input, and ends.
 */
export class WaitingNft {
  #next: Started | null = null;

  /** Starts one for the script that comes next. */
  prepare(): void {
    this.#next ??= startNft();
  }

  /**
   * Loads a script, as one transaction.
   * @throws {LbError} `nft-failed`, with the kernel's rules as they were.
   */
  async load(script: string): Promise<void> {
    const waiting = this.#next;
    this.#next = null;
    await (waiting?.isWaiting() ? waiting : startNft()).finish(script);
  }
}

function startNft(): Started {
  return start('nft-failed', 'nft', ['-f', '-']);
}
