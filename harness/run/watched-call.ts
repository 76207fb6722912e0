import { payloadOf } from '../terms/payload.ts';
import type { FireResult } from '../agent/protocol.ts';
import { redirectsAt } from '../judge/complete.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import { CALL_DEADLINE_MS } from '../terms/limits.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { NOTHING_QUERIED, type QueriedState } from './query-nodes.ts';
import type { PooledLab } from './lab-pool.ts';
import { Observation, type Seen } from './observation.ts';
import { quiescence, SILENCE_MS, type Quiescence } from './quiescence.ts';
import { readWhole } from './read-whole.ts';

const POLL_MS = 20;
/** Time before an attempt's end at which the state of its nodes is queried, ms: about as long as that takes. */
const ASK_AHEAD_MS = 100;

/** If a node takes longer to answer, it may have been stalled, ms: it then gets the same time again. */
const STALLED_MS = 500;

interface Watch {
  flow: FlowPlan;
  key: FlowKey;
  plan: Plan;
  lab: Pick<PooledLab, 'lab' | 'recorder'>;
  /** Time before which packets decide nothing, ms. */
  firstLook: number;
  /** Queries the state that packets do not show, if no reply was accepted. */
  ask: (seen: Seen) => Promise<QueriedState>;
  /** Whether the call is over as soon as its packets are at rest, without waiting for a retransmission. */
  untilAtRest?: boolean;
  /**
   * Called once, when the packets of a call without a reply are at rest: whether their loss was no accident, so that no
   * retransmission must be waited for. Absent if it always must.
   */
  isReproducible?: (seen: Seen, query: (seen: Seen) => Promise<QueriedState>) => Promise<boolean>;
}

interface Decided {
  fired: FireResult;
  seen: Seen;
  queried: QueriedState;
}

/**
 * One call of a flow, cancelled as soon as the packets show that no answer will be accepted, or have stopped. The
 * result is what had been seen at that moment: how the caller's kernel ends a cancelled call is not part of the flow.
 */
export class WatchedCall {
  readonly #observation: Observation;
  readonly #quiescence: Quiescence;
  readonly #query: (seen: Seen) => Promise<QueriedState>;
  /** Time before which packets decide nothing, ms. */
  #lookFrom: number;
  /** If reading the captures takes longer, nodes may have been stalled, ms. */
  #expectedMs = STALLED_MS;
  #state: 'waiting' | 'reading' | 'over' = 'waiting';
  #hasAsked = false;
  /** The packets that decided it; null otherwise. */
  #decidedBy: Seen | null = null;

  constructor(private readonly watch: Watch) {
    const { key, plan, lab, firstLook, ask } = watch;
    this.#observation = new Observation(key, plan, lab.recorder);
    this.#quiescence = quiescence(
      key,
      () => this.#observation.newPackets(),
      () => performance.now(),
      redirectsAt(plan),
    );
    this.#query = askedOnce(ask);
    this.#lookFrom = firstLook;
  }

  /** Makes the call and watches it until it is decided. */
  async untilDecided(): Promise<Decided> {
    const fired = this.#fire();
    const poll = setInterval(() => void this.#look(), POLL_MS);
    try {
      const result = await fired;
      this.#state = 'over';
      if (result.answered || this.#decidedBy === null) await this.watch.lab.lab.drain();
      const seen = (result.answered ? null : this.#decidedBy) ?? this.#observation.seen;
      return { fired: result, seen, queried: result.answered ? NOTHING_QUERIED : await this.#query(seen) };
    } finally {
      this.#state = 'over';
      clearInterval(poll);
    }
  }

  #fire(): Promise<FireResult> {
    const { flow, key, lab } = this.watch;
    return lab.lab.node(flow.from).call('fire', {
      token: key.token,
      protocol: flow.protocol,
      address: flow.address,
      port: flow.port,
      sourcePort: key.sourcePort,
      freesPort: flow.sourcePort !== undefined,
      bytes: payloadOf(flow),
      exchanges: flow.exchanges ?? 1,
      dontFragment: flow.dontFragment === true,
      ...(flow.outOfWindow === undefined ? {} : { outOfWindow: flow.outOfWindow }),
      ...(flow.question === undefined ? {} : { question: flow.question }),
      timeoutMs: CALL_DEADLINE_MS,
    });
  }

  async #look(): Promise<void> {
    if (this.#state !== 'waiting' || performance.now() < this.#lookFrom) return;
    const { isReproducible } = this.watch;
    const left = this.#left();
    if (left < ASK_AHEAD_MS) void this.#query(this.#observation.seen);
    if (left > 0 && (isReproducible === undefined || this.#hasAsked || !this.#quiescence.isAtRest())) return;
    this.#state = 'reading';
    const tookMs = await this.#readWhole();
    if (!this.#isReading()) return;
    if (tookMs !== null && tookMs > this.#expectedMs) {
      this.#giveTime(tookMs);
    } else if (this.#left() <= 0) {
      await this.#cancel(tookMs === null ? null : this.#observation.seen);
      return;
    } else if (isReproducible !== undefined && !this.#hasAsked && this.#quiescence.isAtRest()) {
      this.#hasAsked = true;
      const { seen } = this.#observation;
      const isDecided = await isReproducible(seen, this.#query).catch(() => false);
      // Packets sent meanwhile may succeed.
      if (isDecided && this.#isReading() && this.#observation.seen.packets.length === seen.packets.length) {
        await this.#cancel(seen);
        return;
      }
    }
    if (this.#isReading()) this.#state = 'waiting';
  }

  /** Remaining wait, ms. */
  #left(): number {
    if (this.watch.untilAtRest && this.#quiescence.isAtRest()) return 0;
    return this.#quiescence.left();
  }

  /**
   * Missing packets may not have been delivered by a capture yet.
   * @returns null if a node is gone, which the next full reading reports
   */
  #readWhole(): Promise<number | null> {
    return readWhole(
      () => this.watch.lab.lab.drain(),
      () => this.#observation.seen.packets.length,
    ).catch(() => null);
  }

  /** False if the call has ended meanwhile. */
  #isReading(): boolean {
    return this.#state === 'reading';
  }

  #giveTime(tookMs: number): void {
    this.#expectedMs = 2 * tookMs;
    this.#lookFrom = performance.now() + Math.min(tookMs, SILENCE_MS[this.watch.key.protocol]);
  }

  async #cancel(decidedBy: Seen | null): Promise<void> {
    const { flow, key, lab } = this.watch;
    this.#state = 'over';
    this.#decidedBy = decidedBy;
    await lab.lab
      .node(flow.from)
      .call('cancel', { token: key.token })
      .catch(() => undefined);
  }
}

/** Queries again only after further packets. */
function askedOnce(ask: (seen: Seen) => Promise<QueriedState>): (seen: Seen) => Promise<QueriedState> {
  let last: { packets: number; queried: Promise<QueriedState> } | null = null;
  return (seen) => {
    if (last?.packets !== seen.packets.length) {
      last = { packets: seen.packets.length, queried: ask(seen) };
      // A failure is reported to the caller who needs the answer.
      last.queried.catch(() => undefined);
    }
    return last.queried;
  };
}
