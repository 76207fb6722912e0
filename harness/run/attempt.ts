import { randomBytes } from 'node:crypto';
import type { FireResult } from '../agent/protocol.ts';
import { judgeAttempt } from '../judge/attempt.ts';
import type { CountersByNode } from '../judge/counters.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { Attempt } from '../judge/results.ts';
import { directions } from '../observe/direction.ts';
import { flowArp, flowPackets, type FlowKey } from '../observe/flow-packets.ts';
import { observedWalk } from '../observe/observed-walk.ts';
import type { Captured } from '../observe/recorder.ts';
import type { Sighting } from '../observe/sighting.ts';
import type { FlowPlan, Plan } from '../scenario/plan.ts';
import { askInside, NOTHING_INSIDE } from './inside.ts';
import type { PooledLab } from './lab-pool.ts';
import { patience } from './patience.ts';
import { nextSourcePort } from './source-ports.ts';

/** Whatever its packets do. */
const DEADLINE_MS = 15_000;
const POLL_MS = 20;

/** All that the captures have shown of an attempt. */
type Seen = Pick<Evidence, 'packets' | 'epoch' | 'walk'>;

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
  const { fired, seen } = await fireUntilDecided(flow, key, plan, lab);
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

/**
 * Fires, and cancels as soon as the packets show that no answer will be taken, or when they have stopped.
 * What was seen is what decided it then: how the caller's kernel ends a cancelled call belongs to no flow.
 */
async function fireUntilDecided(
  flow: FlowPlan,
  key: FlowKey,
  plan: Plan,
  { lab, recorder }: PooledLab,
): Promise<{ fired: FireResult; seen: Seen }> {
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
  const observed = (): Seen => observe(key, plan, recorder.since(mark));
  let looked = mark;
  const news = (): Sighting[] | null => {
    if (recorder.mark() === looked) return null;
    looked = recorder.mark();
    return observed().packets;
  };
  const isOver = patience(key, news, () => performance.now());
  let looking = false;
  let ended = false;
  let decided: Seen | null = null;
  const look = async (): Promise<void> => {
    if (looking || !isOver()) return;
    looking = true;
    // What seems to be missing may still be on its way from a capture. A node that is gone shows when all is read again.
    const allRead = await lab.drain().then(
      () => true,
      () => false,
    );
    looking = false;
    if (ended || !isOver()) return;
    clearInterval(poll);
    if (allRead) decided = observed();
    await caller.call('cancel', { token: key.token }).catch(() => undefined);
  };
  const poll = setInterval(() => void look(), POLL_MS);
  try {
    const result = await fired;
    ended = true;
    if (decided !== null && !result.answered) return { fired: result, seen: decided };
    await lab.drain();
    return { fired: result, seen: observed() };
  } finally {
    ended = true;
    clearInterval(poll);
  }
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
