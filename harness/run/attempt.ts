import { randomBytes } from 'node:crypto';
import type { FireResult } from '../agent/protocol.ts';
import { judgeAttempt } from '../judge/attempt.ts';
import type { CountersByNode } from '../terms/counters.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { Attempt } from '../terms/results.ts';
import { directions } from '../observe/direction.ts';
import { flowArp, flowPackets, type FlowKey } from '../observe/flow-packets.ts';
import { observedWalk } from '../observe/observed-walk.ts';
import type { Captured } from '../observe/recorder.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { askInside, NOTHING_INSIDE, type Inside } from './inside.ts';
import type { PooledLab } from './lab-pool.ts';
import { patience, SILENCE_MS } from './patience.ts';
import { readWhole } from './read-whole.ts';
import { nextSourcePort } from './source-ports.ts';

/** Whatever its packets do. */
const DEADLINE_MS = 15_000;
const POLL_MS = 20;
/** An attempt that is to work is over by then: to look at it sooner would only take the processor that it needs. */
const LEFT_ALONE_MS = 200;
/** So long before its end an attempt's nodes are asked for what packets do not show: about as long as that takes. */
const ASK_AHEAD_MS = 100;

/** A node that takes longer to answer may have stood still, ms: it gets as long again to go on with what it was at. */
const STOOD_STILL_MS = 500;

/** All that the captures have shown of an attempt. */
type Seen = Pick<Evidence, 'packets' | 'epoch' | 'walk'>;

/**
 * Fires a flow once and judges what its packets did.
 * @param countersBefore reads every node's counters, to be compared with those after; left out where all is to go well,
 *   which is not worth the time
 */
export async function runAttempt(
  flow: FlowPlan,
  plan: Plan,
  lab: PooledLab,
  countersBefore?: () => Promise<CountersByNode>,
): Promise<Attempt> {
  lab.signal?.throwIfAborted();
  const key: FlowKey = {
    caller: flow.from,
    protocol: flow.protocol === 'http' ? 'tcp' : flow.protocol,
    address: flow.address,
    port: flow.port,
    sourcePort: flow.protocol === 'icmp' ? 0 : nextSourcePort(),
    token: newToken(),
  };
  const before = (await countersBefore?.()) ?? null;
  const began = performance.now();
  const ask = (seen: Seen): Promise<Inside> => askInside({ plan, flow, ...seen }, lab, before);
  const firstLook = countersBefore ? began : began + LEFT_ALONE_MS;
  const { fired, seen, inside } = await fireUntilDecided(flow, key, plan, lab, firstLook, ask);
  const client = {
    answered: fired.answered,
    outcome: fired.outcome,
    servedBy: fired.answer?.server ?? null,
    sourceSeen: fired.answer?.peer.split(' ')[0] ?? null,
  };
  return judgeAttempt({ plan, flow, key, client, ...seen, ...inside }, performance.now() - began);
}

function newToken(): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
  return `l4lab-${[...randomBytes(8)].map((byte) => alphabet[byte % 36]).join('')}`;
}

/**
 * Fires, and cancels as soon as the packets show that no answer will be taken, or when they have stopped.
 * What was seen is what decided it then: how the caller's kernel ends a cancelled call belongs to no flow.
 * @param firstLook moment before which nothing is decided by packets, ms
 * @param ask reads what packets do not show, where no answer was taken
 */
async function fireUntilDecided(
  flow: FlowPlan,
  key: FlowKey,
  plan: Plan,
  { lab, recorder }: PooledLab,
  firstLook: number,
  ask: (seen: Seen) => Promise<Inside>,
): Promise<{ fired: FireResult; seen: Seen; inside: Inside }> {
  const mark = recorder.mark();
  const caller = lab.node(flow.from);
  const fired = caller.call('fire', {
    token: key.token,
    protocol: flow.protocol,
    address: flow.address,
    port: flow.port,
    sourcePort: key.sourcePort,
    bytes: flow.bytes ?? 0,
    exchanges: flow.exchanges ?? 1,
    timeoutMs: DEADLINE_MS,
  });
  let observedAt = mark;
  let latest = observe(key, plan, []);
  const observed = (): Seen => {
    if (recorder.mark() !== observedAt) {
      observedAt = recorder.mark();
      latest = observe(key, plan, recorder.since(mark));
    }
    return latest;
  };
  let looked = mark;
  const news = (): Seen | null => {
    if (recorder.mark() === looked) return null;
    looked = recorder.mark();
    return observed();
  };
  const left = patience(key, news, () => performance.now());
  const insideOf = askedOnce(ask);
  let looking = false;
  let ended = false;
  let decided: Seen | null = null;
  let lookFrom = firstLook;
  let expectedMs = STOOD_STILL_MS;
  const look = async (): Promise<void> => {
    if (looking || performance.now() < lookFrom) return;
    const wait = left();
    if (wait < ASK_AHEAD_MS) void insideOf(observed());
    if (wait > 0) return;
    looking = true;
    // What seems to be missing may still be on its way from a capture. A node that is gone shows when all is read again.
    const tookMs = await readWhole(
      () => lab.drain(),
      () => observed().packets.length,
    ).catch(() => null);
    looking = false;
    if (ended || left() > 0) return;
    if (tookMs !== null && tookMs > expectedMs) {
      expectedMs = 2 * tookMs;
      lookFrom = performance.now() + Math.min(tookMs, SILENCE_MS[key.protocol]);
      return;
    }
    clearInterval(poll);
    if (tookMs !== null) decided = observed();
    await caller.call('cancel', { token: key.token }).catch(() => undefined);
  };
  const poll = setInterval(() => void look(), POLL_MS);
  try {
    const result = await fired;
    ended = true;
    if (result.answered || decided === null) await lab.drain();
    const seen = result.answered ? observed() : (decided ?? observed());
    return { fired: result, seen, inside: result.answered ? NOTHING_INSIDE : await insideOf(seen) };
  } finally {
    ended = true;
    clearInterval(poll);
  }
}

/** Asks again only when more packets have been seen since it asked last. */
function askedOnce(ask: (seen: Seen) => Promise<Inside>): (seen: Seen) => Promise<Inside> {
  let last: { packets: number; inside: Promise<Inside> } | null = null;
  return (seen) => {
    if (last?.packets !== seen.packets.length) {
      last = { packets: seen.packets.length, inside: ask(seen) };
      // Whoever needs the answer is told of a failure.
      last.inside.catch(() => undefined);
    }
    return last.inside;
  };
}

/** @param captured what the wires carried since the attempt began */
function observe(key: FlowKey, plan: Plan, captured: Captured[]): Seen {
  const epoch = captured[0]?.time ?? 0n;
  const sightings = directions(captured, plan, epoch);
  const own = flowPackets(sightings, key);
  const about = [
    key.address,
    ...plan.services.flatMap(({ pool }) => pool.map(({ address }) => address)),
    ...plan.nodes.flatMap(({ routes }) => routes.map(({ via }) => via)),
  ];
  const arp = flowArp(sightings, own, about, plan);
  const packets = [...own, ...arp].sort((a, b) => a.time - b.time);
  return { packets, epoch: epoch.toString(), walk: observedWalk(own, key, plan) };
}
