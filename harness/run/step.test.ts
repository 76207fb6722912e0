import { setTimeout as delay } from 'node:timers/promises';
import { samplePlan } from '../../reports/samples/sample-labs.ts';
import { runStep } from './step.ts';

type Running = Parameters<typeof runStep>[1];

/** A step of 1 ms on a lab that takes 20 ms to perform actions, though there be none. */
async function ran(actions: object[]): Promise<{ beganMs: number; actedMs: number; settledMs: number }> {
  let now = 0;
  const clock = { now: () => now, since: (at: number) => at, set: () => Promise.resolve() };
  const plan = samplePlan('one-arm', {
    services: { web: { vip: '203.0.113.80', port: 80, mode: 'dnat', pool: ['s1'] } },
    streams: { calls: { from: 'client', to: 'web', every: '10ms' } },
    steps: { only: { for: '1ms', expect: { calls: 'works' } } },
  });
  const perform = async (): Promise<object[]> => {
    await delay(1);
    now += 20;
    return actions;
  };
  const running = {
    plan,
    clock,
    lab: { lab: { node: () => ({}) }, recorder: { mark: () => 0 } },
    streams: { resume: () => Promise.resolve(now), pause: () => Promise.resolve(now) },
    actions: { perform, endStep: () => Promise.resolve(), paused: new Set() },
  };
  const { result, actedMs, settledMs } = await runStep(0, running as unknown as Running, () => undefined);
  return { beganMs: result.beginMs, actedMs, settledMs };
}

test('all calls of a step without actions count; with actions, those that begin after them', async () => {
  expect(await ran([])).toEqual({ beganMs: 0, actedMs: 0, settledMs: 0 });
  expect(await ran([{ action: { do: 'kill', node: 's1' } }])).toEqual({ beganMs: 0, actedMs: 20, settledMs: 20 });
});
