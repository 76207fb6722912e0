import { setTimeout as delay } from 'node:timers/promises';
import type { NodeHandle } from '../fabric/node-handle.ts';
import { surelyUp } from '../model/health.ts';
import type { Plan } from '../terms/plan.ts';

const POLL_MS = 10;
const DEADLINE_MS = 5000;

/**
 * Waits until load balancers consider no server down that is always healthy: a check that met a server while its connections
 * were reset took it out. If one stays down, flows show it.
 */
export async function untilUp(plan: Plan, lab: { node: (name: string) => Pick<NodeHandle, 'call'> }): Promise<void> {
  const expected = surelyUp(plan);
  const l4s = [...new Set(expected.map(({ l4 }) => l4))];
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const states = await Promise.all(l4s.map((l4) => lab.node(l4).call('serverStates', null)));
    const isDown = expected.some(({ l4, service, server }) =>
      states[l4s.indexOf(l4)]!.some((one) => one.service === service && one.server === server && !one.up),
    );
    if (!isDown || performance.now() >= deadline) return;
    await delay(POLL_MS);
  }
}
