import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../terms/timeline-results.ts';
import { openLine, type Exchanged, type Line } from './line.ts';
import type { StreamParams } from './protocol.ts';
import { wallClock } from './wall-clock.ts';

/** Records are told in batches: of so many, or of what came in so long, ms. */
const BATCH = 200;
const BATCH_MS = 100;

/** Digits of a token that count calls, to the base of 36. */
const DIGITS = 5;

/** A call that is under way. */
type Begun = Pick<CallRecord, 'connection' | 'token' | 'sourcePort' | 'beganAt'>;

/** A connection that is kept, or the one that follows it once it is broken. */
interface Kept {
  line: Line | null;
  sourcePort: number;
  /** Absent until it has come to be: what never did is not counted. */
  number?: number;
}

const GIVEN_UP: Exchanged = { outcome: 'timeout', answer: null };

/**
 * By all streams of this node so far: a server may still remember connections of those that have ended. It begins
 * anywhere: labs with the same addresses share the host's connection tracking (bridge-nf-call-iptables), which drops one of
 * two packets that begin the same connection at the same time.
 */
let portsTaken: number | undefined;

/**
 * Calls at a steady rate, whatever became of the ones before; from one source port, or over a kept connection, each waits
 * for the one before it. It is held at first: no call begins until `goOn`.
 */
export class Stream {
  #step = 0;
  #isHeld = true;
  #goOn: () => void = () => undefined;
  #going = this.#untilGoOn();
  readonly #stopped = new AbortController();
  #calls = 0;
  #connections = 0;
  readonly #lines = new Set<Line>();
  /** Calls that are neither answered nor given up. */
  readonly #inFlight = new Set<Begun>();
  #noneInFlight: () => void = () => undefined;
  /** Exchanges of kept connections that take longer than a call may. */
  readonly #late = new Set<Begun>();
  #batch: CallRecord[] = [];
  #telling: NodeJS.Timeout | undefined;

  constructor(
    private readonly params: StreamParams,
    private readonly tell: (records: CallRecord[]) => void,
  ) {
    const { connection, connections, everyMs, sourcePort } = params;
    // One port is for one call at a time.
    const isOneByOne = sourcePort !== undefined;
    if (connection === 'new') void this.#pace(0, () => (isOneByOne ? this.#callOnce() : void this.#callOnce()));
    // Spread over the time between calls: all at once would be but one sample.
    for (let i = 0; connection === 'kept' && i < connections; i++) {
      const kept: Kept = { line: null, sourcePort: 0 };
      void this.#pace((i * everyMs) / connections, () => this.#callOver(kept));
    }
  }

  /** Makes calls from now on, which count to a step. */
  goOn(step: number): void {
    this.#step = step;
    this.#isHeld = false;
    this.#goOn();
  }

  /**
   * Begins no further call, and waits until none is in flight. An exchange of a kept connection that takes longer than a
   * call may is told as it stands, and once more in the step in which it goes on.
   */
  async pause(): Promise<void> {
    if (!this.#isHeld) this.#going = this.#untilGoOn();
    this.#isHeld = true;
    if (this.#inFlight.size > 0) await new Promise<void>((resolve) => (this.#noneInFlight = resolve));
    for (const begun of this.#late) this.#record(begun, GIVEN_UP);
    this.#tellAll();
  }

  /** Ends all calls and connections, and tells nothing more. */
  stop(): void {
    this.#stopped.abort();
    this.#goOn();
    clearTimeout(this.#telling);
    for (const line of this.#lines) line.abandon();
  }

  get #isOver(): boolean {
    return this.#stopped.signal.aborted;
  }

  #untilGoOn(): Promise<void> {
    return new Promise((resolve) => (this.#goOn = resolve));
  }

  /** Calls again every `everyMs`, or as soon as the former call has ended where `call` says when. */
  async #pace(offsetMs: number, call: () => Promise<void> | void): Promise<void> {
    const { everyMs } = this.params;
    let due = 0;
    while (!this.#isOver) {
      if (this.#isHeld) {
        await this.#going;
        due = performance.now() + offsetMs;
      }
      await delay(due - performance.now(), undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      if (this.#isHeld || this.#isOver) continue;
      // What a busy machine has missed is not made up for: it would come all at once.
      due = Math.max(due + everyMs, performance.now());
      await call();
    }
  }

  /** A call with a connection, or a socket, of its own. */
  async #callOnce(): Promise<void> {
    const sourcePort = this.#nextPort();
    const line = this.#open(sourcePort);
    const begun = this.#begin(sourcePort);
    const exchanged = await this.#inTime(line.exchange(begun.token));
    this.#record(begun, exchanged ?? GIVEN_UP);
    if (exchanged?.answer) await this.#inTime(line.close());
    line.abandon();
    this.#lines.delete(line);
  }

  /** A call over a kept connection. Ends when the next one may begin. */
  async #callOver(kept: Kept): Promise<void> {
    if (kept.line === null) {
      kept.sourcePort = this.#nextPort();
      kept.line = this.#open(kept.sourcePort);
      kept.number ??= this.#connections++;
    }
    const { line, number } = kept;
    const begun = this.#begin(kept.sourcePort, number);
    const exchange = line.exchange(begun.token);
    let exchanged = await this.#inTime(exchange);
    const isLate = exchanged === null && line.waits;
    if (isLate) exchanged = await this.#exchangedLate(begun, exchange);
    this.#record(begun, exchanged ?? GIVEN_UP, isLate);
    if (line.isOpen && !line.isBroken) return;
    line.abandon();
    this.#lines.delete(line);
    kept.line = null;
    if (line.isOpen) delete kept.number;
  }

  /** The end of an exchange that has taken too long; not while held, since it has been told of then. */
  async #exchangedLate(begun: Begun, exchange: Promise<Exchanged>): Promise<Exchanged> {
    this.#late.add(begun);
    this.#isSettled(begun);
    const exchanged = await exchange;
    while (this.#isHeld && !this.#isOver) await this.#going;
    this.#late.delete(begun);
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
    // Not earlier: programs of the lab begin as copies of one that was loaded before.
    portsTaken ??= Math.floor(Math.random() * 10_000);
    return first + (portsTaken++ % (last - first + 1));
  }

  #begin(sourcePort: number, connection?: number): Begun {
    const count = (this.#calls++ % 36 ** DIGITS).toString(36).padStart(DIGITS, '0');
    const begun = {
      token: `${this.params.tokens}${count}`,
      sourcePort,
      beganAt: wallClock(),
      ...(connection === undefined ? {} : { connection }),
    };
    this.#inFlight.add(begun);
    return begun;
  }

  #isSettled(begun: Begun): void {
    if (this.#inFlight.delete(begun) && this.#inFlight.size === 0) this.#noneInFlight();
  }

  /** Null once a call has taken longer than it may. */
  async #inTime<T>(exchange: Promise<T>): Promise<T | null> {
    let timer: NodeJS.Timeout | undefined;
    // An answer that is there when the machine lets this process go on was in time: it is read first.
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => setImmediate(() => resolve(null)), this.params.timeoutMs).unref();
    });
    try {
      return await Promise.race([exchange, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param isLate counts as failed, whatever the answer */
  #record(begun: Begun, { outcome, answer }: Exchanged, isLate = false): void {
    this.#isSettled(begun);
    if (this.#isOver) return;
    const record: CallRecord = {
      ...begun,
      stream: this.params.name,
      step: this.#step,
      endedAt: wallClock(),
      answered: answer !== null && !isLate,
      outcome: answer !== null && isLate ? 'timeout' : outcome,
      servedBy: answer?.server ?? null,
      sourceSeen: answer?.peer.split(' ')[0] ?? null,
    };
    this.#batch.push(record);
    if (this.#batch.length >= BATCH) this.#tellAll();
    this.#telling ??= setTimeout(() => this.#tellAll(), BATCH_MS);
  }

  #tellAll(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#batch.length > 0) this.tell(this.#batch);
    this.#batch = [];
  }
}
