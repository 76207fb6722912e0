import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../terms/timeline-results.ts';
import { openLine, type Exchanged, type Line } from './line.ts';
import type { StreamParams } from './protocol.ts';
import { wallClock } from './wall-clock.ts';

/** Records are reported in batches, limited by number and time (ms). */
const BATCH = 200;
const BATCH_MS = 100;

/** Digits of the call counter in a token, base 36. */
const DIGITS = 5;

/** A call in progress. */
type StartedCall = Pick<CallRecord, 'connection' | 'token' | 'sourcePort' | 'beganAt'>;

/** A kept connection, or its successor after it broke. */
interface Kept {
  line: Line | null;
  sourcePort: number;
  /** Absent until the connection is established; failed ones are not numbered. */
  number?: number;
}

const GIVEN_UP: Exchanged = { outcome: 'timeout', answer: null };

/**
 * Ports used so far by all streams of this node: servers may still remember connections of earlier streams. Starts at a
 * random port: labs with the same addresses share the host's connection tracking (bridge-nf-call-iptables), which drops
 * one of two packets that begin the same connection at the same time.
 */
let portsTaken: number | undefined;

/**
 * Makes calls at a steady rate, independent of the outcome of earlier calls. With one source port or a kept connection,
 * each call waits for the previous one. Initially paused: no calls until `resume`.
 */
export class Stream {
  #step = 0;
  #isPaused = true;
  #signalResume: () => void = () => undefined;
  #resumed = this.#untilResumed();
  readonly #stopped = new AbortController();
  #calls = 0;
  #connections = 0;
  readonly #lines = new Set<Line>();
  /** Calls without a result so far. */
  readonly #inFlight = new Set<StartedCall>();
  #noneInFlight: () => void = () => undefined;
  /** Exchanges on kept connections that have exceeded the timeout of a call. */
  readonly #late = new Set<StartedCall>();
  #batch: CallRecord[] = [];
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly params: StreamParams,
    private readonly report: (records: CallRecord[]) => void,
  ) {
    const { connection, connections, everyMs, sourcePort } = params;
    // A port can be used by only one call at a time.
    const isOneByOne = sourcePort !== undefined;
    if (connection === 'new') void this.#pace(0, () => (isOneByOne ? this.#callOnce() : void this.#callOnce()));
    // Spread evenly over the interval: simultaneous calls would be only one sample.
    for (let i = 0; connection === 'kept' && i < connections; i++) {
      const kept: Kept = { line: null, sourcePort: 0 };
      void this.#pace((i * everyMs) / connections, () => this.#callOver(kept));
    }
  }

  /** Starts making calls, which belong to this step. */
  resume(step: number): void {
    this.#step = step;
    this.#isPaused = false;
    this.#signalResume();
  }

  /**
   * Stops starting calls, and waits until none is in flight. An exchange on a kept connection that exceeds the timeout
   * is reported as it stands, and again in the step in which it continues.
   */
  async pause(): Promise<void> {
    if (!this.#isPaused) this.#resumed = this.#untilResumed();
    this.#isPaused = true;
    if (this.#inFlight.size > 0) await new Promise<void>((resolve) => (this.#noneInFlight = resolve));
    for (const started of this.#late) this.#record(started, GIVEN_UP);
    this.#flush();
  }

  /** Ends all calls and connections without further reports. */
  stop(): void {
    this.#stopped.abort();
    this.#signalResume();
    clearTimeout(this.#reportTimer);
    for (const line of this.#lines) line.abandon();
  }

  get #isOver(): boolean {
    return this.#stopped.signal.aborted;
  }

  #untilResumed(): Promise<void> {
    return new Promise((resolve) => (this.#signalResume = resolve));
  }

  /** Repeats a call every `everyMs`, or when the promise that `call` returns resolves, whichever is later. */
  async #pace(offsetMs: number, call: () => Promise<void> | void): Promise<void> {
    const { everyMs } = this.params;
    let due = 0;
    while (!this.#isOver) {
      if (this.#isPaused) {
        await this.#resumed;
        due = performance.now() + offsetMs;
      }
      await delay(due - performance.now(), undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      if (this.#isPaused || this.#isOver) continue;
      // Missed calls of a busy machine are not made up for: they would come all at once.
      due = Math.max(due + everyMs, performance.now());
      await call();
    }
  }

  /** A call on a new connection or socket. */
  async #callOnce(): Promise<void> {
    const sourcePort = this.#nextPort();
    const line = this.#open(sourcePort);
    const started = this.#begin(sourcePort);
    const exchanged = await this.#inTime(line.exchange(started.token));
    this.#record(started, exchanged ?? GIVEN_UP);
    if (exchanged?.answer) await this.#inTime(line.close());
    line.abandon();
    this.#lines.delete(line);
  }

  /** A call on a kept connection. Resolves when the next one may begin. */
  async #callOver(kept: Kept): Promise<void> {
    if (kept.line === null) {
      kept.sourcePort = this.#nextPort();
      kept.line = this.#open(kept.sourcePort);
      kept.number ??= this.#connections++;
    }
    const { line, number } = kept;
    const started = this.#begin(kept.sourcePort, number);
    const exchange = line.exchange(started.token);
    let exchanged = await this.#inTime(exchange);
    const isLate = exchanged === null && line.retransmits;
    if (isLate) exchanged = await this.#exchangedLate(started, exchange);
    this.#record(started, exchanged ?? GIVEN_UP, isLate);
    if (line.isOpen && !line.isBroken) return;
    line.abandon();
    this.#lines.delete(line);
    kept.line = null;
    if (line.isOpen) delete kept.number;
  }

  /** Records the end of an exchange that has timed out, unless paused: then it has already been reported. */
  async #exchangedLate(started: StartedCall, exchange: Promise<Exchanged>): Promise<Exchanged> {
    this.#late.add(started);
    this.#settle(started);
    const exchanged = await exchange;
    while (this.#isPaused && !this.#isOver) await this.#resumed;
    this.#late.delete(started);
    return exchanged;
  }

  #open(sourcePort: number): Line {
    const { protocol, address, port, bytes, connection } = this.params;
    const freesPort = this.params.sourcePort !== undefined;
    const line = openLine({ protocol, address, port, bytes, sourcePort, freesPort, keep: connection === 'kept' });
    this.#lines.add(line);
    return line;
  }

  #nextPort(): number {
    const { sourcePort, sourcePorts } = this.params;
    const [first, last] = sourcePorts;
    if (sourcePort !== undefined) return sourcePort;
    // Not at load time: agents start from a shared snapshot.
    portsTaken ??= Math.floor(Math.random() * 10_000);
    return first + (portsTaken++ % (last - first + 1));
  }

  #begin(sourcePort: number, connection?: number): StartedCall {
    const count = (this.#calls++ % 36 ** DIGITS).toString(36).padStart(DIGITS, '0');
    const started = {
      token: `${this.params.tokens}${count}`,
      sourcePort,
      beganAt: wallClock(),
      ...(connection === undefined ? {} : { connection }),
    };
    this.#inFlight.add(started);
    return started;
  }

  #settle(started: StartedCall): void {
    if (this.#inFlight.delete(started) && this.#inFlight.size === 0) this.#noneInFlight();
  }

  /** Null if a call has timed out. */
  async #inTime<T>(exchange: Promise<T>): Promise<T | null> {
    let timer: NodeJS.Timeout | undefined;
    // An answer that arrived while this process was not scheduled was in time: read it first.
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => setImmediate(() => resolve(null)), this.params.timeoutMs).unref();
    });
    try {
      return await Promise.race([exchange, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param isLate count as failed, whatever the answer */
  #record(started: StartedCall, { outcome, answer }: Exchanged, isLate = false): void {
    this.#settle(started);
    if (this.#isOver) return;
    const record: CallRecord = {
      ...started,
      stream: this.params.name,
      step: this.#step,
      endedAt: wallClock(),
      answered: answer !== null && !isLate,
      outcome: answer !== null && isLate ? 'timeout' : outcome,
      servedBy: answer?.server ?? null,
      sourceSeen: answer?.peer.split(' ')[0] ?? null,
    };
    this.#batch.push(record);
    if (this.#batch.length >= BATCH) this.#flush();
    this.#reportTimer ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    if (this.#batch.length > 0) this.report(this.#batch);
    this.#batch = [];
  }
}
