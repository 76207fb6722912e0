import type { SerializableError, Test, TestResult } from '@jest/test-result';

/** jest's callbacks for test files. */
export interface JestCallbacks {
  onStart: (test: Test) => Promise<void>;
  onResult: (test: Test, result: TestResult) => Promise<void>;
  onFailure: (test: Test, error: SerializableError) => Promise<void>;
}

/**
 * Reports results to jest in order. With `--bail` jest ends the process as soon as it gets failures: they are reported last,
 * when the labs are removed and the report is written.
 */
export class JestReporter {
  readonly #callbacks: JestCallbacks;
  readonly #bail: { failures: number; stop: () => void };
  readonly #unfinished: Set<Test>;
  readonly #postponed: (() => Promise<void>)[] = [];
  #last: Promise<void> = Promise.resolve();
  #failures = 0;

  /** @param bail number of failed flows to stop after; 0 means never */
  constructor(tests: Test[], callbacks: JestCallbacks, bail: { failures: number; stop: () => void }) {
    this.#unfinished = new Set(tests);
    this.#callbacks = callbacks;
    this.#bail = bail;
  }

  /** Tests without a final report. */
  get unfinished(): Test[] {
    return [...this.#unfinished];
  }

  start(test: Test): void {
    this.#next(() => this.#callbacks.onStart(test));
  }

  result(test: Test, result: TestResult): void {
    this.#unfinished.delete(test);
    const report = () => this.#callbacks.onResult(test, result);
    if (this.#bail.failures > 0 && result.numFailingTests > 0) this.#postponed.push(report);
    else this.#next(report);
    this.#failures += result.numFailingTests;
    if (this.#bail.failures > 0 && this.#failures >= this.#bail.failures) this.#bail.stop();
  }

  /** The test file as a whole failed. */
  failure(test: Test, message: string): void {
    this.#unfinished.delete(test);
    this.#next(() => this.#callbacks.onFailure(test, { message, stack: '' }));
  }

  /** Reports what remains, and waits until jest has received everything. */
  async end(): Promise<void> {
    for (const tell of this.#postponed.splice(0)) this.#next(tell);
    await this.#last;
  }

  #next(tell: () => Promise<void>): void {
    this.#last = this.#last.then(tell);
    // Thrown by `end`.
    this.#last.catch(() => undefined);
  }
}
