import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { NetnsLab } from './netns-lab.ts';

/** A line of the load balancer's output. */
export type Line = { event: string } & Record<string, unknown>;

const POLL_MS = 50;
/** Shorter than a test's timeout, so that the error can say what it waited for. */
const DEADLINE_MS = 45_000;

/** The load balancer as a process in a node of a test lab. */
export class RunningLb {
  readonly lines: Line[] = [];
  /** Resolves with the exit code, or null after a signal. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #changed = new Set<() => void>();

  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#changed.forEach((notify) => notify());
    });
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /**
   * Starts it with a configuration, without waiting for `ready`; `programs` is a directory that is put first in PATH.
   */
  static async spawn(lab: NetnsLab, node: string, config: unknown, programs?: string): Promise<RunningLb> {
    const folder = await mkdtemp(lab.file('lb-'));
    const file = join(folder, 'lb.json');
    await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
    const command = [
      'netns',
      'exec',
      lab.namespace(node),
      process.execPath,
      await lab.program('main.ts'),
      '--config',
      file,
    ];
    const env = programs === undefined ? process.env : { ...process.env, PATH: `${programs}:${process.env['PATH']}` };
    const lb = new RunningLb(spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'], env }), file);
    lab.onClose(async () => {
      lb.kill();
      await lb.ended;
    });
    return lb;
  }

  /** Starts it and waits until it serves traffic. */
  static async start(lab: NetnsLab, node: string, config: unknown, programs?: string): Promise<RunningLb> {
    const lb = await RunningLb.spawn(lab, node, config, programs);
    await lb.line(({ event }) => event === 'ready');
    return lb;
  }

  /** The first line that matches, now or later; throws if the program ends without it, or after the deadline. */
  line(fits: (line: Line) => boolean, from = 0): Promise<Line> {
    return new Promise((resolve, reject) => {
      const printed = () => JSON.stringify(this.lines.slice(from));
      const end = (outcome: () => void) => {
        clearTimeout(timer);
        this.#changed.delete(look);
        outcome();
      };
      const look = () => {
        const found = this.lines.slice(from).find(fits);
        if (found) end(() => resolve(found));
      };
      const timer = setTimeout(
        () =>
          end(() =>
            reject(new Error(`waited ${DEADLINE_MS} ms for a line that fits ${String(fits)}; output: ${printed()}`)),
          ),
        DEADLINE_MS,
      );
      this.#changed.add(look);
      void this.ended.then(() => end(() => reject(new Error(`the load balancer ended: ${printed()}`))));
      look();
    });
  }

  /** Polls until a condition holds; throws after the deadline. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await holds())) {
      if (Date.now() > deadline)
        throw new Error(`waited ${DEADLINE_MS} ms for ${String(holds)}; output: ${JSON.stringify(this.lines)}`);
      await delay(POLL_MS);
    }
  }

  /** Replaces the configuration file. */
  async rewrite(config: unknown): Promise<void> {
    await writeFile(this.#file, JSON.stringify(config));
  }

  /** Replaces the configuration and waits until it is active. */
  async reload(config: unknown): Promise<Line> {
    const seen = this.lines.length;
    await this.rewrite(config);
    this.signal('SIGHUP');
    const line = await this.line(({ event }) => event === 'reloaded' || event === 'error', seen);
    if (line.event === 'error') throw new Error(`not reloaded: ${String(line['message'])}`);
    return line;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops it as a service manager does. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.ended;
  }

  kill(): void {
    this.signal('SIGKILL');
  }
}
