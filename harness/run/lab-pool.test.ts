import { setImmediate as othersTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { Engine } from '../fabric/engine.ts';
import { Lab } from '../fabric/lab.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm } from '../model/testing/labs.ts';
import { LabPool, type PoolLimits } from './lab-pool.ts';

const small = plan(oneArm({ services: {} }));
const IDLE_MS = 600_000;

/** A pool whose labs are only counted. */
function pool(limits: PoolLimits = {}): { labs: LabPool; booted: () => number; ended: () => number } {
  const end = jest.fn(() => Promise.resolve());
  const boot = jest
    .spyOn(Lab, 'boot')
    .mockImplementation(() =>
      Promise.resolve({ isAlive: true, onFrames: () => undefined, [Symbol.asyncDispose]: end } as unknown as Lab),
    );
  const labs = new LabPool({ engine: {} as Engine, image: '' }, limits);
  return { labs, booted: () => boot.mock.calls.length, ended: () => end.mock.calls.length };
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

test('a warm lab ends when nobody has used it for long enough, and then another one boots', async () => {
  jest.useFakeTimers();
  const { labs, booted, ended } = pool({ idleMs: IDLE_MS });
  labs.release(await labs.acquire(small), true);
  jest.advanceTimersByTime(IDLE_MS - 1);
  const again = await labs.acquire(small);
  // What is in use has no age.
  jest.advanceTimersByTime(2 * IDLE_MS);
  labs.release(again, true);
  jest.advanceTimersByTime(IDLE_MS - 1);
  expect([booted(), ended()]).toEqual([1, 0]);
  jest.advanceTimersByTime(1);
  expect(ended()).toBe(1);
  labs.release(await labs.acquire(small), true);
  expect(booted()).toBe(2);
  await labs[Symbol.asyncDispose]();
  expect([ended(), jest.getTimerCount()]).toEqual([2, 0]);
});

test('with more labs than are kept warm, the one that was used longest ago ends', async () => {
  const { labs, booted, ended } = pool({ idle: 1 });
  const both = [await labs.acquire(small), await labs.acquire(small)];
  for (const lab of both) labs.release(lab, true);
  expect([booted(), ended()]).toEqual([2, 1]);
  expect((await labs.acquire(small)).lab).toBe(both[1]!.lab);
});

test('no more labs are used at once than may be: who comes later waits, and gets the lab that was given back', async () => {
  const { labs, booted } = pool({ atOnce: 1 });
  const first = await labs.acquire(small);
  const told: string[] = [];
  const next = ['second', 'third'].map(async (name) => {
    const pooled = await labs.acquire(small);
    told.push(name);
    labs.release(pooled, true);
  });
  await othersTurn();
  expect(told).toEqual([]);
  labs.release(first, true);
  await Promise.all(next);
  expect([told, booted()]).toEqual([['second', 'third'], 1]);
});

test('a warm lab that lost a node meanwhile is lent to nobody', async () => {
  const { labs, booted, ended } = pool();
  const first = await labs.acquire(small);
  labs.release(first, true);
  Object.assign(first.lab, { isAlive: false });
  expect((await labs.acquire(small)).lab).not.toBe(first.lab);
  expect([booted(), ended()]).toEqual([2, 1]);
});

test('a boot that fails keeps nobody else waiting', async () => {
  const { labs } = pool({ atOnce: 1 });
  jest.spyOn(Lab, 'boot').mockRejectedValueOnce(new Error('no'));
  await expect(labs.acquire(small)).rejects.toThrow('no');
  expect(await labs.acquire(small)).toMatchObject({ topology: { links: small.links } });
});

test('a lab that is lent again carries the signal of whoever has it now', async () => {
  const { labs } = pool();
  const [one, other] = [new AbortController(), new AbortController()];
  labs.release(await labs.acquire(small, one.signal), true);
  expect((await labs.acquire(small, other.signal)).signal).toBe(other.signal);
});
