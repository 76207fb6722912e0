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
function pool(limits: PoolLimits = {}) {
  const end = jest.fn(() => Promise.resolve());
  const grow = jest.fn<Lab['grow']>(() => Promise.resolve());
  const boot = jest
    .spyOn(Lab, 'boot')
    .mockImplementation(() =>
      Promise.resolve({ isAlive: true, grow, onFrames: () => undefined, [Symbol.asyncDispose]: end } as unknown as Lab),
    );
  const labs = new LabPool({ engine: {} as Engine, image: '' }, limits);
  return { labs, booted: () => boot.mock.calls.length, ended: () => end.mock.calls.length, grow };
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

test('a warm lab ends after a while without use, and then another one boots', async () => {
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

test('beyond the limit of warm labs, the least recently used one ends', async () => {
  const { labs, booted, ended } = pool({ idle: 1 });
  const both = [await labs.acquire(small), await labs.acquire(small)];
  for (const lab of both) labs.release(lab, true);
  expect([booted(), ended()]).toEqual([2, 1]);
  expect((await labs.acquire(small)).lab).toBe(both[1]!.lab);
});

test('the number of labs is limited: a later request waits, and gets a returned lab', async () => {
  const { labs, booted } = pool({ atOnce: 1 });
  const first = await labs.acquire(small);
  const reported: string[] = [];
  const next = ['second', 'third'].map(async (name) => {
    const pooled = await labs.acquire(small);
    reported.push(name);
    labs.release(pooled, true);
  });
  await othersTurn();
  expect(reported).toEqual([]);
  labs.release(first, true);
  await Promise.all(next);
  expect([reported, booted()]).toEqual([['second', 'third'], 1]);
});

test('a warm lab that has lost a node is not lent again', async () => {
  const { labs, booted, ended } = pool();
  const first = await labs.acquire(small);
  labs.release(first, true);
  Object.assign(first.lab, { isAlive: false });
  expect((await labs.acquire(small)).lab).not.toBe(first.lab);
  expect([booted(), ended()]).toEqual([2, 1]);
});

describe('a pool whose labs may grow', () => {
  const isLeft = (name: string): boolean => name !== 's2';
  const smaller = {
    ...small,
    nodes: small.nodes
      .filter(({ name }) => isLeft(name))
      .map((node) => ({ ...node, interfaces: node.interfaces.filter(({ peer }) => isLeft(peer)) })),
    links: small.links.filter(({ ends }) => ends.every(({ node }) => isLeft(node))),
  };

  test('adds missing parts to a warm lab, and then lends it for both', async () => {
    const { labs, booted, grow } = pool({ grow: true });
    labs.release(await labs.acquire(smaller), true);
    labs.release(await labs.acquire(small), true);
    const added = grow.mock.calls[0]![0];
    expect(added.nodes.map(({ name, ports }) => [name, ports.length])).toEqual([['l2', 1], ['s2', 1]]); // prettier-ignore
    expect(added.links).toHaveLength(1);
    for (const plan of [smaller, small]) labs.release(await labs.acquire(plan), true);
    expect([booted(), grow.mock.calls.length]).toEqual([1, 1]);
  });

  test('boots another lab if that fails, and ends the incomplete one', async () => {
    const { labs, booted, ended, grow } = pool({ grow: true });
    labs.release(await labs.acquire(smaller), true);
    grow.mockRejectedValueOnce(new Error('no'));
    labs.release(await labs.acquire(small), true);
    expect([booted(), ended()]).toEqual([2, 1]);
  });
});

test('a failed boot blocks no other request', async () => {
  const { labs } = pool({ atOnce: 1 });
  jest.spyOn(Lab, 'boot').mockRejectedValueOnce(new Error('no'));
  await expect(labs.acquire(small)).rejects.toThrow('no');
  expect(await labs.acquire(small)).toMatchObject({ topology: { links: small.links } });
});

test('a lab that is lent again has the abort signal of its current user', async () => {
  const { labs } = pool();
  const [one, other] = [new AbortController(), new AbortController()];
  labs.release(await labs.acquire(small, one.signal), true);
  expect((await labs.acquire(small, other.signal)).signal).toBe(other.signal);
});
