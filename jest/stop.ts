import { EXIT, L4labError } from '../harness/errors.ts';

/** jest's watcher: reports that the user of its watch mode wants another run, or none. */
export interface Watcher {
  isInterrupted(): boolean;
  /** @returns a function that stops listening */
  on(event: 'change', listener: () => void): () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Time in which one Ctrl-C may arrive twice, from the terminal and from npm. */
const SAME_CTRL_C_MS = 1000;

/** Handles requests to stop the run: Ctrl-C, jest's watch mode, `--bail`. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #endWatching: () => void;
  #signalledAt: number | null = null;

  constructor(watcher: Watcher) {
    this.#endWatching = watcher.on('change', () => watcher.isInterrupted() && this.now());
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  now(): void {
    this.#controller.abort(new L4labError('interrupted', 'the run was interrupted'));
  }

  /** Stops listening; ends the process if requested. */
  end(): void {
    this.#endWatching();
    for (const name of SIGNALS) process.off(name, this.#onSignal);
    if (this.#signalledAt !== null) process.exit(EXIT.interrupted);
  }

  readonly #onSignal = (): void => {
    const now = performance.now();
    // A second one exits immediately.
    if (this.#signalledAt !== null && now - this.#signalledAt > SAME_CTRL_C_MS) process.exit(EXIT.interrupted);
    if (this.#signalledAt !== null) return;
    this.#signalledAt = now;
    process.stderr.write('\nstopping: taking down what was booted\n');
    this.now();
  };
}
