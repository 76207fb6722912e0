import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { plainNode } from './plain-node.testing.ts';

const UNTIL_KILLED = `
  import { withLock } from './lock.mjs';
  const [, path, child] = process.argv;
  await withLock(path, () => {}, (share) => new Promise(() => {
    if (child) share(Number(child));
    console.log('held');
    setInterval(() => {}, 1000);
  }));`;

/** Notes when its turn began and ended; two turns at once would show as two beginnings in a row. */
const ONE_TURN = `
  import { appendFileSync } from 'node:fs';
  import { withLock } from './lock.mjs';
  const [, path, log] = process.argv;
  await withLock(path, console.log, async () => {
    appendFileSync(log, 'begin\\n');
    await new Promise((resolve) => setTimeout(resolve, 30));
    appendFileSync(log, 'end\\n');
  });`;

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'l4lab-lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('several setups at once take turns, and leave nothing behind', async () => {
  const log = join(folder, 'log');
  await Promise.all([1, 2, 3, 4].map(() => plainNode(ONE_TURN, lock, log)));
  expect(readFileSync(log, 'utf8')).toBe('begin\nend\n'.repeat(4));
  expect(existsSync(lock)).toBe(false);
});

test('a setup that was killed does not hold the lock', async () => {
  const holder = plainNode(UNTIL_KILLED, lock);
  await holder[Symbol.asyncIterator]().next();
  expect(existsSync(lock)).toBe(true);
  holder.kill('SIGKILL');
  await holder.catch(() => undefined);
  await plainNode(ONE_TURN, lock, join(folder, 'log'));
  expect(existsSync(lock)).toBe(false);
});

test('a lock whose owner’s number went to another process is not held', async () => {
  writeFileSync(lock, `${process.pid} 1\n`);
  await plainNode(ONE_TURN, lock, join(folder, 'log'));
  expect(existsSync(lock)).toBe(false);
});

test('a killed setup that its parent has not reaped does not hold it either', async () => {
  // The shell becomes a program that never waits for the child it inherits.
  const script = `"$1" --input-type=module -e "$2" "$3" & exec sleep 60`;
  const parent = execa('sh', ['-c', script, 'sh', process.execPath, UNTIL_KILLED, lock], { cwd: import.meta.dirname });
  await parent[Symbol.asyncIterator]().next();
  process.kill(parseInt(readFileSync(lock, 'utf8')), 'SIGKILL');
  await plainNode(ONE_TURN, lock, join(folder, 'log'));
  expect(existsSync(lock)).toBe(false);
  parent.kill('SIGKILL');
  await parent.catch(() => undefined);
});

test('a killed setup’s own child still holds the lock while it works', async () => {
  const child = plainNode("console.log('working'); setInterval(() => {}, 1000)");
  await child[Symbol.asyncIterator]().next();
  const holder = plainNode(UNTIL_KILLED, lock, String(child.pid));
  await holder[Symbol.asyncIterator]().next();
  holder.kill('SIGKILL');
  await holder.catch(() => undefined);
  const waiter = plainNode(ONE_TURN, lock, join(folder, 'log'));
  const { value } = (await waiter[Symbol.asyncIterator]().next()) as { value: string };
  expect(value).toBe(`waiting for another setup (process ${child.pid ?? 0}) to finish`);
  child.kill('SIGKILL');
  await child.catch(() => undefined);
  await waiter;
});

test('a waiting setup prints which process it waits for', async () => {
  const holder = plainNode(UNTIL_KILLED, lock);
  await holder[Symbol.asyncIterator]().next();
  const waiter = plainNode(ONE_TURN, lock, join(folder, 'log'));
  const { value } = (await waiter[Symbol.asyncIterator]().next()) as { value: string };
  expect(value).toBe(`waiting for another setup (process ${holder.pid ?? 0}) to finish`);
  holder.kill('SIGKILL');
  await holder.catch(() => undefined);
  await waiter;
});

test('a caller in a test waits for a setup that holds the lock', async () => {
  const { withLock } = await import('./lock.mjs');
  const turns: string[] = [];
  const one = (name: string) =>
    withLock(
      lock,
      () => undefined,
      async () => {
        turns.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        turns.push(`${name} ends`);
      },
    );
  await Promise.all([one('first'), one('second')]);
  expect(turns).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});
