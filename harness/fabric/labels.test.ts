import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { ownerIsGone, ownerLabel } from './labels.ts';

test('this process is there', () => {
  expect(ownerIsGone(ownerLabel())).toBe(false);
});

test('a process that ended is gone', async () => {
  const child = spawn('true');
  await once(child, 'close');
  expect(ownerIsGone(`${hostname()} ${child.pid!} 12345`)).toBe(true);
});

test('a process that got the number of an earlier one is not that one', () => {
  const [host, pid, start] = ownerLabel().split(' ');
  expect(ownerIsGone(`${host!} ${pid!} ${Number(start) - 1}`)).toBe(true);
});

test('processes of another host cannot be checked, so nothing of it is swept', () => {
  expect(ownerIsGone('another-host 1 1')).toBe(false);
});
