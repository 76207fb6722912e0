import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FireResult } from '../agent/protocol.ts';
import { evidenceIsComplete } from '../judge/complete.ts';
import { judgeAttempt } from '../judge/attempt.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { Attempt } from '../judge/results.ts';
import { directions } from '../observe/direction.ts';
import { flowArp, flowPackets, type FlowKey } from '../observe/flow-packets.ts';
import { observedWalk } from '../observe/observed-walk.ts';
import type { FlowPlan, Plan } from '../scenario/plan.ts';
import { askInside, NOTHING_INSIDE, readCounters } from './inside.ts';
import type { PooledLab } from './lab-pool.ts';
import { nextSourcePort } from './source-ports.ts';

/**
 * An attempt of which no packet has been seen for so long is over, ms: a lost SYN is repeated after 1,000 ms (RFC 6298).
 * On a busy machine a flow may take long and still go on.
 */
const SILENCE_MS = { http: 1400, tcp: 1400, udp: 1000, icmp: 1000 } as const;
/** Whatever its packets do. */
const DEADLINE_MS = 15_000;
const POLL_MS = 20;

/**
 * Fires a flow once and judges what its packets did.
 * @param readsCounters whether to read every node's counters before and after: not worth the time where all goes well
 */
export async function runAttempt(flow: FlowPlan, plan: Plan, lab: PooledLab, readsCounters = false): Promise<Attempt> {
  lab.signal?.throwIfAborted();
  const began = performance.now();
  const key: FlowKey = {
    caller: flow.from,
    protocol: flow.protocol === 'http' ? 'tcp' : flow.protocol,
    address: flow.address,
    port: flow.port,
    sourcePort: flow.protocol === 'icmp' ? 0 : nextSourcePort(),
    token: newToken(),
  };
  const countersBefore = readsCounters ? await readCounters(plan, lab) : null;
  const mark = lab.recorder.mark();
  const fired = await fireUntilDecided(flow, key, plan, lab, mark);
  await lab.lab.drain();
  const seen = observe(key, plan, lab, mark);
  const base = {
    plan,
    flow,
    key,
    client: {
      answered: fired.answered,
      said: fired.said,
      servedBy: fired.answer?.server ?? null,
      sourceSeen: fired.answer?.peer.split(' ')[0] ?? null,
    },
    ...seen,
  };
  const inside = fired.answered ? NOTHING_INSIDE : await askInside(base, lab, countersBefore);
  return judgeAttempt({ ...base, ...inside }, performance.now() - began);
}

function newToken(): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
  return `l4lab-${[...randomBytes(8)].map((byte) => alphabet[byte % 36]).join('')}`;
}

/** Fires, and cancels as soon as the packets show that no answer will be taken, or when they have stopped. */
async function fireUntilDecided(
  flow: FlowPlan,
  key: FlowKey,
  plan: Plan,
  { lab, recorder }: PooledLab,
  mark: number,
): Promise<FireResult> {
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
  let looked = mark;
  let seen = 0;
  let lastSeenAt = performance.now();
  let ended = false;
  const decided = (): boolean => {
    if (recorder.mark() === looked) return false;
    looked = recorder.mark();
    const { packets } = observe(key, plan, { recorder }, mark);
    const own = packets.filter(({ frame }) => !frame.arp).length;
    if (own > seen) lastSeenAt = performance.now();
    seen = own;
    return evidenceIsComplete(packets, key);
  };
  const isSilent = (): boolean => performance.now() - lastSeenAt > SILENCE_MS[flow.protocol];
  const cancelWhenDecided = async (): Promise<void> => {
    while (!ended) {
      await delay(POLL_MS);
      if (ended) return;
      let over = decided();
      if (!over && isSilent()) {
        // A busy machine may not have fired yet, or not have handed over what it has seen: that is no silence.
        await lab.drain();
        over = decided() || isSilent();
      }
      if (!over || ended) continue;
      void caller.call('cancel', { token: key.token });
      return;
    }
  };
  try {
    return await Promise.race([fired, cancelWhenDecided().then(() => fired)]);
  } finally {
    ended = true;
  }
}

function observe(
  key: FlowKey,
  plan: Plan,
  { recorder }: Pick<PooledLab, 'recorder'>,
  mark: number,
): Pick<Evidence, 'packets' | 'epoch' | 'walk'> {
  const captured = recorder.since(mark);
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
