import { randomBytes } from 'node:crypto';
import { judgeAttempt } from '../judge/attempt.ts';
import type { CountersByNode } from '../terms/counters.ts';
import type { Attempt } from '../terms/results.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { queryNodes, type QueriedState } from './query-nodes.ts';
import type { PooledLab } from './lab-pool.ts';
import type { Seen } from './observation.ts';
import { nextSourcePort } from './source-ports.ts';
import { WatchedCall } from './watched-call.ts';

/** An attempt that is to work is over by then: to look at it sooner would only take the processor that it needs. */
const LEFT_ALONE_MS = 200;

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
  const ask = (seen: Seen): Promise<QueriedState> => queryNodes({ plan, flow, ...seen }, lab, before);
  const firstLook = countersBefore ? began : began + LEFT_ALONE_MS;
  const { fired, seen, queried } = await new WatchedCall({ flow, key, plan, lab, firstLook, ask }).untilDecided();
  const client = {
    answered: fired.answered,
    outcome: fired.outcome,
    servedBy: fired.answer?.server ?? null,
    sourceSeen: fired.answer?.peer.split(' ')[0] ?? null,
  };
  return judgeAttempt({ plan, flow, key, client, ...seen, ...queried }, performance.now() - began);
}

function newToken(): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
  return `l4lab-${[...randomBytes(8)].map((byte) => alphabet[byte % 36]).join('')}`;
}
