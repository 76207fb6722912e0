import { setImmediate } from 'node:timers/promises';
import type { Test, TestResult } from '@jest/test-result';
import { Telling } from './telling.ts';

const files = ['one', 'two', 'three'].map((path) => ({ path }) as Test);
const [one, two, three] = files as [Test, Test, Test];
const withFailures = (numFailingTests: number): TestResult => ({ numFailingTests }) as TestResult;

function tell(failures: number): { telling: Telling; said: string[] } {
  const said: string[] = [];
  const hear =
    (what: string) =>
    ({ path }: Test): Promise<void> => {
      said.push(`${what} ${path}`);
      return Promise.resolve();
    };
  const told = { onStart: hear('start'), onResult: hear('result'), onFailure: hear('failure') };
  return { telling: new Telling(files, told, { failures, stop: () => said.push('stop') }), said };
}

test('jest hears what there is at once, in order', async () => {
  const { telling, said } = tell(0);
  telling.start(one);
  telling.start(two);
  telling.result(two, withFailures(3));
  telling.failure(one, 'a mistake');
  await telling.end();
  expect(said).toEqual(['start one', 'start two', 'result two', 'failure one']);
  expect(telling.silent).toEqual([three]);
});

test('with --bail, after which jest is gone, failures come last, and as many of them end the run', async () => {
  const { telling, said } = tell(3);
  for (const file of files) telling.start(file);
  telling.result(one, withFailures(2));
  telling.result(two, withFailures(0));
  telling.result(three, withFailures(1));
  await setImmediate();
  said.push('labs are down');
  await telling.end();
  expect(said.filter((what) => !what.startsWith('start'))).toEqual([
    'stop',
    'result two',
    'labs are down',
    'result one',
    'result three',
  ]);
});
