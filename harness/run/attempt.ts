import { randomBytes } from 'node:crypto';
import type { FireResult } from '../agent/protocol.ts';
import { judgeAttempt } from '../judge/attempt.ts';
import type { CountersByNode } from '../judge/counters.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { Attempt } from '../judge/results.ts';
import { directions } from '../observe/direction.ts';
import { flowArp, flowPackets, type FlowKey } from '../observe/flow-packets.ts';
import { observedWalk } from '../observe/observed-walk.ts';
import type { Sighting } from '../observe/sighting.ts';
import type { FlowPlan, Plan } from '../scenario/plan.ts';
import { askInside, NOTHING_INSIDE } from './inside.ts';
import type { PooledLab } from './lab-pool.ts';
import { patience } from './patience.ts';
import { nextSourcePort } from './source-ports.ts';

/** Whatever its packets do. */
const DEADLINE_MS = 15_000;
const POLL_MS = 20;

/**
 * Fires a flow once and judges what its packets did.
 * @param countersBefore reads every node's counters, to be compared with those after: not worth the time where all goes well
 */
export async function runAttempt(
  flow: FlowPlan,
  plan: Plan,
  lab: PooledLab,
  countersBefore?: () => Promise<CountersByNode>,
): Promise<Attempt> {
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
  const before = (await countersBefore?.()) ?? null;
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
  const inside = fired.answered ? NOTHING_INSIDE : await askInside(base, lab, before);
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
  const news = (): Sighting[] | null => {
    if (recorder.mark() === looked) return null;
    looked = recorder.mark();
    return observe(key, plan, { recorder }, mark).packets;
  };
  const isOver = patience(key, news, () => performance.now());
  let looking = false;
  let ended = false;
  const look = async (): Promise<void> => {
    if (looking || !isOver()) return;
    looking = true;
    // What seems to be missing may still be on its way from a capture. A node that is gone is found out by the caller.
    await lab.drain().catch(() => undefined);
    looking = false;
    if (ended || !isOver()) return;
    clearInterval(poll);
    await caller.call('cancel', { token: key.token }).catch(() => undefined);
  };
  const poll = setInterval(() => void look(), POLL_MS);
  try {
    return await fired;
  } finally {
    ended = true;
    clearInterval(poll);
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
