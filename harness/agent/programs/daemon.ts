import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AgentError } from './agent-error.ts';

const STOP_DEADLINE_MS = 5000;
const READY_DEADLINE_S = 20;

/** A long-running program of the image, with its child processes. */
export class Daemon {
  readonly #process;
  readonly #log: string[] = [];
  readonly #ended: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  running = true;

  /** @param onLog called with each line of output */
  constructor(
    private readonly argv: [string, ...string[]],
    onLog: (line: string) => void,
  ) {
    const [file, ...args] = argv;
    // In a separate process group, so that its children can be stopped with it.
    this.#process = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const take = (line: string): void => {
      this.#log.push(line);
      onLog(line);
    };
    for (const input of [this.#process.stdout, this.#process.stderr]) createInterface({ input }).on('line', take);
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.running = false;
        this.changed();
        resolve(code);
      };
      this.#process.on('error', ({ message }) => {
        take(message);
        end(null);
      });
      this.#process.on('close', end);
    });
  }

  /** Rechecks the conditions of `until`. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /**
   * Waits until a condition holds; `changed` rechecks it.
   * @throws AgentError if the program exits first, or after a deadline
   */
  async until(awaited: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    const command = this.argv.join(' ');
    const output = (): string => this.#log.join('\n');
    await new Promise<void>((resolve, reject) => {
      const end = (outcome: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        outcome();
      };
      const fail = (fault: AgentError['fault']): void => end(() => reject(new AgentError(fault)));
      const look = (): void => {
        if (holds()) end(resolve);
        else if (!this.running)
          void this.#ended.then((code) =>
            fail({ code: 'program-failed', params: { command, exitCode: code ?? -1, output: output(), input: '' } }),
          );
      };
      const timer = setTimeout(
        () => fail({ code: 'program-late', params: { command, awaited, seconds: READY_DEADLINE_S, output: output() } }),
        READY_DEADLINE_S * 1000,
      );
      this.#waiting.add(look);
      look();
    });
  }

  /** Stops it cleanly. */
  async stop(): Promise<void> {
    if (this.running) this.#process.kill('SIGTERM');
    const timer = setTimeout(() => void this.kill(), STOP_DEADLINE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Kills it and its children. */
  async kill(): Promise<void> {
    const { pid } = this.#process;
    if (this.running && pid !== undefined) process.kill(-pid, 'SIGKILL');
    await this.#ended;
  }
}
