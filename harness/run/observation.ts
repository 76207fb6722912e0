import type { Evidence } from '../judge/evidence/evidence.ts';
import { directions } from '../observe/direction.ts';
import { commonAddresses, flowArp, flowPackets, type FlowKey } from '../observe/flow-packets.ts';
import { observedWalk } from '../observe/observed-walk.ts';
import type { Captured, Recorder } from '../observe/recorder.ts';
import type { Plan } from '../terms/plan.ts';

/** Everything that the captures show of an attempt. */
export type Seen = Pick<Evidence, 'packets' | 'epoch' | 'walk'>;

/** What the captures show of an attempt from now on; evaluated again only after new frames. */
export class Observation {
  readonly #began: number;
  #readAt: number;
  #seen: Seen;
  #reportedAt: number;

  constructor(
    private readonly key: FlowKey,
    private readonly plan: Plan,
    private readonly recorder: Recorder,
  ) {
    this.#began = this.#readAt = this.#reportedAt = recorder.mark();
    this.#seen = seenOf([], key, plan);
  }

  /** Everything so far. */
  get seen(): Seen {
    const mark = this.recorder.mark();
    if (mark !== this.#readAt) {
      this.#readAt = mark;
      this.#seen = seenOf(this.recorder.since(this.#began), this.key, this.plan);
    }
    return this.#seen;
  }

  /** Everything so far; null if nothing is new since the last call. */
  newPackets(): Seen | null {
    const mark = this.recorder.mark();
    if (mark === this.#reportedAt) return null;
    this.#reportedAt = mark;
    return this.seen;
  }
}

/** @param captured frames since the start of the attempt */
function seenOf(captured: Captured[], key: FlowKey, plan: Plan): Seen {
  const epoch = captured[0]?.time ?? 0n;
  const sightings = directions(captured, plan, epoch);
  const own = flowPackets(sightings, key);
  const arp = flowArp(sightings, own, [key.address, ...commonAddresses(plan)], plan);
  const packets = [...own, ...arp].sort((a, b) => a.time - b.time);
  return { packets, epoch: epoch.toString(), walk: observedWalk(own, key, plan) };
}
