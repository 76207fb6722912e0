import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Which server answered and the source it saw, or why there was no answer. */
export type Answer =
  | { server: string; source: string; sourcePort: number; error?: never }
  | { error: string; server?: never; source?: never };

export type Protocol = 'tcp' | 'udp';

/** Commands of the endpoint process. */
export type Command =
  | { op: 'listen'; protocol: Protocol; port: number; host: string }
  | { op: 'unlisten'; protocol: Protocol; port: number }
  | ({ op: 'call'; protocol: Protocol; host: string; port: number; timeoutMs: number } & CallOptions)
  | { op: 'open'; host: string; port: number; timeoutMs: number; localPort?: number }
  | { op: 'ask'; handle: number; timeoutMs: number; bytes: number }
  | { op: 'close-all' }
  | { op: 'load'; host: string; port: number; parallel: number; timeoutMs: number }
  | { op: 'end-load' };

/** Results of the calls of a load. */
export interface LoadResult {
  answered: number;
  /** By error. */
  failed: Record<string, number>;
}

/** Options of a call. */
export interface CallOptions {
  /** Source address. */
  from?: string;
  localPort?: number;
  /** Bytes of a UDP request. */
  bytes?: number;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

const TIMEOUT_MS = 2000;

/** A process in a network namespace that serves and calls. */
export class Endpoint {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  /** `program` is the bundled endpoint-process.ts. */
  constructor(program: string, namespace: string, name: string) {
    const command = ['netns', 'exec', namespace, process.execPath, program, name];
    this.#child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { id, result } = JSON.parse(line) as { id: number; result: unknown };
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the endpoint in ${namespace} ended`));
    });
  }

  /** TCP listens on every address, UDP on `host`. */
  async listen(protocol: Protocol, port: number, host = '0.0.0.0'): Promise<void> {
    const failure = await this.#do({ op: 'listen', protocol, port, host });
    if (failure !== null) throw new Error(`cannot listen: ${JSON.stringify(failure)}`);
  }

  async unlisten(protocol: Protocol, port: number): Promise<void> {
    await this.#do({ op: 'unlisten', protocol, port });
  }

  /** One exchange on a new flow. */
  call(
    protocol: Protocol,
    host: string,
    port: number,
    { timeoutMs = TIMEOUT_MS, ...options }: CallOptions & { timeoutMs?: number } = {},
  ): Promise<Answer> {
    return this.#do({ op: 'call', protocol, host, port, timeoutMs, ...options }) as Promise<Answer>;
  }

  /** Answers on `times` new flows, one after the other. */
  async calls(times: number, protocol: Protocol, host: string, port: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let i = 0; i < times; i++) answers.push(await this.call(protocol, host, port));
    return answers;
  }

  /** Opens a TCP connection and keeps it; returns a function that requests an answer padded to the given size. */
  async open(
    host: string,
    port: number,
    options: { localPort?: number } = {},
  ): Promise<(bytes?: number) => Promise<Answer>> {
    const handle = await this.#do({ op: 'open', host, port, timeoutMs: TIMEOUT_MS, ...options });
    if (typeof handle !== 'number') throw new Error(`cannot connect: ${JSON.stringify(handle)}`);
    return (bytes = 0) => this.#do({ op: 'ask', handle, timeoutMs: TIMEOUT_MS, bytes }) as Promise<Answer>;
  }

  /** Closes all connections made by `open`, as a client does when it is done. */
  async closeAll(): Promise<void> {
    await this.#do({ op: 'close-all' });
  }

  /** Keeps making calls on new TCP flows, several in parallel, until the returned function is called. */
  async load(host: string, port: number, parallel = 4): Promise<() => Promise<LoadResult>> {
    await this.#do({ op: 'load', host, port, parallel, timeoutMs: TIMEOUT_MS });
    return () => this.#do({ op: 'end-load' }) as Promise<LoadResult>;
  }

  /** Ends the process. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        resolve();
        return;
      }
      this.#child.once('exit', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }

  #do(command: Command): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ id, command })}\n`);
    });
  }
}
