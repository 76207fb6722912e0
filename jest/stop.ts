import { EXIT, L4labError } from '../harness/errors.ts';

/** What jest has to say while tests run: that somebody at its watch mode wants another run, or none. */
export interface Watcher {
  isInterrupted(): boolean;
  /** @returns what ends the listening */
  on(event: 'change', listener: () => void): () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long one Ctrl-C may keep on coming, from the terminal and from npm. */
const SAME_CTRL_C_MS = 1000;

/** Listens to whoever wants the run to stop: Ctrl-C, jest's watch mode, `--bail`. */
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

  /** Stops listening; ends the process where somebody wanted that. */
  end(): void {
    this.#endWatching();
    for (const name of SIGNALS) process.off(name, this.#onSignal);
    if (this.#signalledAt !== null) process.exit(EXIT.interrupted);
  }

  readonly #onSignal = (): void => {
    const now = performance.now();
    // The second time means now.
    if (this.#signalledAt !== null && now - this.#signalledAt > SAME_CTRL_C_MS) process.exit(EXIT.interrupted);
    if (this.#signalledAt !== null) return;
    this.#signalledAt = now;
    process.stderr.write('\nstopping: taking down what was booted\n');
    this.now();
  };
}
