import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { isGone } from './sweep.ts';

/** In the environment of all that one call starts: by it everything can be found again. */
const MARK = 'L4LAB_EXEC';

/** A command that runs in a node. */
export class NodeExec {
  private constructor(
    private readonly container: Dockerode.Container,
    private readonly exec: Dockerode.Exec,
    private readonly mark: string,
    /** Its stdin, and what it prints: as it is with a terminal, else stdout and stderr in Docker's framing. */
    readonly stream: Duplex,
  ) {}

  /** @param tty whether it gets a terminal of its own */
  static async start(container: Dockerode.Container, command: string[], tty = false): Promise<NodeExec> {
    const mark = randomBytes(8).toString('hex');
    const exec = await container.exec({
      // A shell says what it cannot find, and ends with the code that is usual then.
      Cmd: ['sh', '-c', 'exec "$@"', 'sh', ...command],
      Env: [`${MARK}=${mark}`, ...(tty ? [`TERM=${process.env['TERM'] ?? 'xterm'}`] : [])],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
    });
    return new NodeExec(container, exec, mark, await exec.start({ hijack: true, stdin: true, Tty: tty }));
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.exec.resize({ w: columns, h: rows });
  }

  /** Waits until all that it prints has come. @returns its exit code @throws L4labError `node-failed` */
  async ended(): Promise<number> {
    if (!this.stream.readableEnded && !this.stream.destroyed)
      await new Promise<void>((resolve) => {
        for (const event of ['end', 'close', 'error']) this.stream.on(event, () => resolve());
      });
    return this.#exitCode();
  }

  /** The engine knows the exit code a moment after the last byte. */
  async #exitCode(): Promise<number> {
    const deadline = Date.now() + EXIT_CODE_DEADLINE_MS;
    for (;;) {
      const { Running, ExitCode } = await this.exec.inspect().catch((error: unknown) => {
        if (!isGone(error)) throw error;
        throw new L4labError('node-failed', 'the node is gone: its lab was taken down', { cause: error });
      });
      if (!Running && ExitCode !== null) return ExitCode;
      // What closed its own output may go on for as long as it likes.
      if (Date.now() > deadline) return 0;
      await delay(POLL_MS);
    }
  }

  /** Sends a signal to it, and to all that it has started. */
  async kill(signal: 'TERM' | 'HUP'): Promise<void> {
    const script =
      'for process in /proc/[0-9]*; do ' +
      `if grep -qzx "$1" "$process/environ" 2>/dev/null; then kill -${signal} "\${process#/proc/}"; fi; done`;
    const killer = await this.container.exec({ Cmd: ['sh', '-c', script, 'sh', `${MARK}=${this.mark}`] });
    await killer.start({ Detach: true });
  }
}

const EXIT_CODE_DEADLINE_MS = 2000;
const POLL_MS = 20;
