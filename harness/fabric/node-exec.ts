import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { isGone } from './sweep.ts';

/** Environment variable that identifies all processes started by one call. */
const MARK = 'L4LAB_EXEC';

/** A command that runs in a node. */
export class NodeExec {
  private constructor(
    private readonly container: Dockerode.Container,
    private readonly exec: Dockerode.Exec,
    private readonly mark: string,
    /** Its stdin and output: raw with a terminal, otherwise stdout and stderr in Docker's framing. */
    readonly stream: Duplex,
  ) {}

  /** @param tty whether it gets a terminal */
  static async start(container: Dockerode.Container, command: string[], tty = false): Promise<NodeExec> {
    const mark = randomBytes(8).toString('hex');
    const exec = await container.exec({
      // A shell reports missing commands with the usual message and exit code.
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

  /** Waits for all output. @returns its exit code @throws L4labError `node-failed` */
  async ended(): Promise<number> {
    if (!this.stream.readableEnded && !this.stream.destroyed)
      await new Promise<void>((resolve) => {
        for (const event of ['end', 'close', 'error']) this.stream.on(event, () => resolve());
      });
    return this.#exitCode();
  }

  /** The engine knows the exit code only a moment after the last output. */
  async #exitCode(): Promise<number> {
    const deadline = Date.now() + EXIT_CODE_DEADLINE_MS;
    for (;;) {
      const { Running, ExitCode } = await this.exec.inspect().catch((error: unknown) => {
        if (!isGone(error)) throw error;
        throw new L4labError('node-failed', 'the node no longer exists: its lab was taken down', { cause: error });
      });
      if (!Running && ExitCode !== null) return ExitCode;
      // A process that has closed its output may continue indefinitely.
      if (Date.now() > deadline) return 0;
      await delay(POLL_MS);
    }
  }

  /** Sends a signal to it and all its child processes. */
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
