import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = '/opt/l4lab/lb.js';
const CONFIG = '/run/l4lab/lb.json';
const NO_SERVICES = { version: 1, services: [] };
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5000;

type Said = { event?: string; message?: string };

/** The load balancer as a process of this node. It goes from one configuration to the next by reloading. */
export class LbProcess {
  readonly #process = spawn('node', [PROGRAM, '--config', CONFIG], { stdio: ['ignore', 'pipe', 'pipe'] });
  readonly #log: string[] = [];
  #listener: (said: Said) => void = () => undefined;
  #running = true;

  private constructor(onLog: (line: string) => void) {
    const take = (line: string): void => {
      this.#log.push(line);
      onLog(line);
      this.#listener(parse(line));
    };
    for (const input of [this.#process.stdout, this.#process.stderr]) createInterface({ input }).on('line', take);
    const end = (): void => {
      this.#running = false;
      this.#listener({ event: 'ended' });
    };
    this.#process.on('close', end);
    this.#process.on('error', ({ message }) => {
      take(message);
      end();
    });
  }

  /** Starts the program and waits until it serves. @throws Error with its log when it ends or stays silent */
  static async start(config: unknown, onLog: (line: string) => void): Promise<LbProcess> {
    await writeConfig(config);
    const lb = new LbProcess(onLog);
    await lb.#until('ready');
    return lb;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Puts another configuration in force. @throws Error with the program's log when it refuses, ends or stays silent */
  async reload(config: unknown): Promise<void> {
    this.#log.length = 0;
    await writeConfig(config);
    this.#process.kill('SIGHUP');
    await this.#until('reloaded');
  }

  /** Takes all services out, and with them everything that the program has made in this node. */
  async clear(): Promise<void> {
    await this.reload(NO_SERVICES);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_DEADLINE_MS);
    await closed;
    clearTimeout(timer);
  }

  async #until(event: string): Promise<void> {
    const log = (): string => this.#log.join('\n');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#process.kill('SIGKILL');
        reject(new Error(`the load balancer was not ${event} after ${READY_DEADLINE_MS} ms: ${log()}`));
      }, READY_DEADLINE_MS);
      this.#listener = (said) => {
        if (said.event === event) resolve();
        else if (said.event === 'error') reject(new Error(`the load balancer: ${said.message}`));
        else if (said.event === 'ended') reject(new Error(`the load balancer ended before it was ${event}: ${log()}`));
        else return;
        clearTimeout(timer);
      };
    });
  }
}

async function writeConfig(config: unknown): Promise<void> {
  await mkdir(dirname(CONFIG), { recursive: true });
  await writeFile(CONFIG, JSON.stringify(config, null, 2));
}

/** Lines that are not the program's own are for people alone. */
function parse(line: string): Said {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return {};
  }
}
