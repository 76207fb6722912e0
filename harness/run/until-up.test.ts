import type { NodeHandle } from '../fabric/node-handle.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../model/testing/labs.ts';
import { untilUp } from './until-up.ts';

const service = { vip: VIP_A, mode: 'proxy' as const, proxyIp: PIP, pool: ['s1', 's2'], check: 'tcp' as const };

/** A lab whose load balancer reports these states of s2, one after another; and how often it was asked. */
function labOf(states: boolean[]): { node: () => Pick<NodeHandle, 'call'>; asked: () => number } {
  let asked = 0;
  const call = (): Promise<unknown> => {
    const up = states[Math.min(asked++, states.length - 1)]!;
    return Promise.resolve([
      { service: 'a', server: 's1', up: true },
      { service: 'a', server: 's2', up },
    ]);
  };
  return { node: () => ({ call }) as unknown as Pick<NodeHandle, 'call'>, asked: () => asked };
}

test('waits until a server that a check took out is back', async () => {
  const lab = labOf([false, false, true]);
  await untilUp(plan(oneArm({ services: { a: service } })), lab);
  expect(lab.asked()).toBe(3);
});

test('does not wait for a server that may be down', async () => {
  const lab = labOf([false]);
  await untilUp(plan(oneArm({ services: { a: service }, nodes: { s2: { listeners: [] } } })), lab);
  expect(lab.asked()).toBe(1);
});
