import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AgentError } from './agent-error.ts';

const STOP_DEADLINE_MS = 5000;
const READY_DEADLINE_S = 20;

/** A program of the image that runs until it is ended, with all that it starts. */
export class Daemon {
  readonly #process;
  readonly #log: string[] = [];
  readonly #ended: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  running = true;

  /** @param onLog told of each line that it prints */
  constructor(
    private readonly argv: [string, ...string[]],
    onLog: (line: string) => void,
  ) {
    const [file, ...args] = argv;
    // A process group of its own, so that what it has started can be ended with it.
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

  /** Something may be as somebody waits for. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /** Waits until something holds, which `changed` tells. @throws AgentError when it ends before, or takes too long */
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

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    if (this.running) this.#process.kill('SIGTERM');
    const timer = setTimeout(() => void this.kill(), STOP_DEADLINE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends it at once, with what it has started. */
  async kill(): Promise<void> {
    const { pid } = this.#process;
    if (this.running && pid !== undefined) process.kill(-pid, 'SIGKILL');
    await this.#ended;
  }
}
