import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Dockerode from 'dockerode';
import type { Calls, FromAgent, Method, Query, RawFrame, StateChange } from '../agent/protocol.ts';
import { EnvironmentError, type ErrorCode, type L4labError } from '../errors.ts';
import type { AgentFault, Fault } from '../terms/fault.ts';
import type { CallRecord } from '../terms/timeline-results.ts';
import { coalesce } from '../coalesce.ts';
import { withDeadline } from '../with-deadline.ts';

/** Deadline of calls that may take long on a busy machine: starting, configuring, unanswered flows. */
const DEADLINE_S = 60;
/** Deadline of calls that take milliseconds: after this time the node is considered hung. */
const PROMPT_DEADLINE_S = 20;
const PROMPT: ReadonlySet<Method> = new Set(['drain', 'cancel', 'counters', 'macTable', 'routeGet', 'serverStates']);

/** The engine knows a container's exit code only a moment after its stream has ended. */
const EXIT_CODE_DEADLINE_MS = 2000;

/** A running container and the connection to its agent. */
export class NodeHandle {
  readonly log: string[] = [];
  /** Called for each state change of a pair member or a load balancer's server. */
  onState: (change: StateChange) => void = () => undefined;
  onFrames: (iface: string, frames: RawFrame[]) => void = () => undefined;
  onCalls: (records: CallRecord[]) => void = () => undefined;
  #next = 1;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void; method: Method; timer: NodeJS.Timeout }
  >();
  #hello: () => void = () => undefined;
  #refuse: (error: L4labError) => void = () => undefined;
  readonly #greeted = new Promise<void>((resolve, reject) => {
    this.#hello = resolve;
    this.#refuse = reject;
  });
  /** Why the node no longer answers. */
  #failure: L4labError | null = null;
  #stderr = '';
  /** Exit code of the container once it has ended; null if unknown. */
  #exitCode: Promise<number | null> = Promise.resolve(null);

  /** @param stream attached before the container starts, so that no output is missed */
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
    // Reported by `greeted`.
    this.#greeted.catch(() => undefined);
    const gone = (): void =>
      void this.#exited().then((exitCode) =>
        this.#fail('node-failed', (output) => ({ code: 'node-gone', params: { node: name, exitCode, output } })),
      );
    stream.on('close', gone);
    stream.on('end', gone);
    stream.on('error', gone);
  }

  /** Whether it is not known to have failed. */
  get isAlive(): boolean {
    return this.#failure === null;
  }

  /** Watches for the end of the container, which has just been started. */
  watch(): void {
    this.#exitCode = this.container.wait().then(
      ({ StatusCode }: { StatusCode: number }) => StatusCode,
      () => null,
    );
  }

  /** Exit code of the container; null if the engine stops before reporting it. */
  #exited(): Promise<number | null> {
    return withDeadline(this.#exitCode, EXIT_CODE_DEADLINE_MS);
  }

  /** Waits for the agent's greeting. */
  async greeted(): Promise<void> {
    const timer = this.#deadline(DEADLINE_S, (output) => ({
      code: 'agent-late',
      params: { node: this.name, seconds: DEADLINE_S, output },
    }));
    try {
      await this.#greeted;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @throws L4labError `configure-failed`, `lb-failed` or `kernel-lacks` with the agent's message, `node-failed` if the
   * node is gone, `timeout`
   */
  async call<M extends Method>(method: M, params: Calls[M]['params']): Promise<Calls[M]['result']> {
    if (this.#failure) throw this.#failure;
    const id = this.#next++;
    const seconds = PROMPT.has(method) ? PROMPT_DEADLINE_S : DEADLINE_S;
    const timer = this.#deadline(seconds, (output) => ({
      code: 'call-late',
      params: { node: this.name, method, seconds, output },
    }));
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject, method, timer }));
    this.stream.write(`${JSON.stringify({ id, method, params })}\n`);
    return (await answer) as Calls[M]['result'];
  }

  readonly #asked = coalesce((query: Query, params: Calls[Query]['params']) => this.call(query, params));

  /** Like `call`, but concurrent identical queries share the answer. */
  ask<Q extends Query>(query: Q, params: Calls[Q]['params']): Promise<Calls[Q]['result']> {
    return this.#asked(query, params);
  }

  /** Closes the connection; the agent exits unless it was detached. */
  disconnect(): void {
    this.stream.end();
  }

  #receive(message: FromAgent): void {
    if ('event' in message) {
      if (message.event === 'hello') this.#hello();
      else if (message.event === 'frames') this.onFrames(message.iface, message.frames);
      else if (message.event === 'calls') this.onCalls(message.records);
      else if (message.event === 'log') this.log.push(message.line);
      else this.onState(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    clearTimeout(pending?.timer);
    this.#pending.delete(message.id);
    if ('error' in message) {
      pending?.reject(failure(this.name, pending.method, message.error));
    } else pending?.resolve(message.result);
  }

  /** A hung node fails permanently, so that nobody waits for it twice. */
  #deadline(seconds: number, fault: (output: string) => Fault): NodeJS.Timeout {
    return setTimeout(() => this.#fail('timeout', fault), seconds * 1000);
  }

  /** @param fault built from the node's output */
  #fail(code: ErrorCode, fault: (output: string) => Fault): void {
    if (this.#failure) return;
    this.#failure = new EnvironmentError(code, fault(this.#stderr.trim()));
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(this.#failure);
    }
    this.#pending.clear();
    this.#refuse(this.#failure);
  }
}

function failure(node: string, method: Method, fault: AgentFault): EnvironmentError {
  const lacks =
    fault.code === 'tunnels-missing' || (fault.code === 'balancer-failed' && fault.params.code === 'kernel-lacks');
  const code = lacks ? 'kernel-lacks' : method === 'startBalancer' ? 'lb-failed' : 'configure-failed';
  return new EnvironmentError(code, { code: 'call-failed', params: { node, method, fault } });
}
