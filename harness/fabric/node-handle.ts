import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Dockerode from 'dockerode';
import type { Calls, FromAgent, Method, Question, RawFrame } from '../agent/protocol.ts';
import { L4labError } from '../errors.ts';
import { together } from '../together.ts';

const CALL_DEADLINE_MS = 60_000;

/** A running container and the line to the agent in it. */
export class NodeHandle {
  readonly log: string[] = [];
  onFrames: (iface: string, frames: RawFrame[]) => void = () => undefined;
  #next = 1;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void; method: Method }
  >();
  #hello: () => void = () => undefined;
  readonly #greeted = new Promise<void>((resolve) => (this.#hello = resolve));
  #ended = false;
  #stderr = '';

  /** @param stream attached before the container starts, so that nothing is missed */
  constructor(
    readonly name: string,
    readonly container: Dockerode.Container,
    private readonly stream: NodeJS.ReadWriteStream,
  ) {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    (container.modem as { demuxStream(s: NodeJS.ReadWriteStream, o: PassThrough, e: PassThrough): void }).demuxStream(
      stream,
      stdout,
      stderr,
    );
    createInterface({ input: stdout }).on('line', (line) => this.#receive(JSON.parse(line) as FromAgent));
    stderr.on('data', (piece: Buffer) => {
      this.#stderr += piece.toString();
      this.log.push(piece.toString().trimEnd());
    });
    stream.on('close', () => this.#end());
    stream.on('end', () => this.#end());
    stream.on('error', () => this.#end());
  }

  /** Waits until the agent is there. */
  async greeted(): Promise<void> {
    await this.#within(this.#greeted, 'its agent to start');
  }

  /** @throws L4labError `configure-failed`, `lb-failed` or `kernel-lacks` with what the agent said, `node-failed` when the node is gone, `timeout` */
  async call<M extends Method>(method: M, params: Calls[M]['params']): Promise<Calls[M]['result']> {
    if (this.#ended) throw this.#gone(method);
    const id = this.#next++;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject, method }));
    this.stream.write(`${JSON.stringify({ id, method, params })}\n`);
    return (await this.#within(answer, `an answer to ${method}`)) as Calls[M]['result'];
  }

  readonly #asked = together((question: Question, params: Calls[Question]['params']) => this.call(question, params));

  /** As `call`, but those who ask the same at the same time share the answer. */
  ask<Q extends Question>(question: Q, params: Calls[Q]['params']): Promise<Calls[Q]['result']> {
    return this.#asked(question, params);
  }

  /** Closes the line; the agent ends with it unless it was detached. */
  hangUp(): void {
    this.stream.end();
  }

  #receive(message: FromAgent): void {
    if ('event' in message) {
      if (message.event === 'hello') this.#hello();
      else if (message.event === 'frames') this.onFrames(message.iface, message.frames);
      else this.log.push(message.line);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('error' in message) {
      pending?.reject(failure(this.name, pending.method, message));
    } else pending?.resolve(message.result);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { reject, method } of this.#pending.values()) reject(this.#gone(method));
    this.#pending.clear();
  }

  #gone(method: Method): L4labError {
    return new L4labError(
      'node-failed',
      `node ${this.name} is gone (${method}); ${this.#stderr.trim() || 'it said nothing'}`,
    );
  }

  async #within<T>(promise: Promise<T>, awaited: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new L4labError(
              'timeout',
              `waited ${CALL_DEADLINE_MS} ms for ${awaited} of node ${this.name}; ${this.#stderr.trim()}`,
            ),
          ),
        CALL_DEADLINE_MS,
      );
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function failure(
  node: string,
  method: Method,
  { error, code }: { error: string; code?: string | undefined },
): L4labError {
  const message = `${node}: ${method}: ${error}`;
  if (method !== 'startBalancer') return new L4labError('configure-failed', message);
  return new L4labError(code === 'kernel-lacks' ? 'kernel-lacks' : 'lb-failed', message);
}
