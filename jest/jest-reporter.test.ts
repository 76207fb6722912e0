import { setImmediate } from 'node:timers/promises';
import type { Test, TestResult } from '@jest/test-result';
import { JestReporter } from './jest-reporter.ts';

const files = ['one', 'two', 'three'].map((path) => ({ path }) as Test);
const [one, two, three] = files as [Test, Test, Test];
const withFailures = (numFailingTests: number): TestResult => ({ numFailingTests }) as TestResult;

function reporterOf(failures: number): { reporter: JestReporter; calls: string[] } {
  const calls: string[] = [];
  const callback =
    (what: string) =>
    ({ path }: Test): Promise<void> => {
      calls.push(`${what} ${path}`);
      return Promise.resolve();
    };
  const callbacks = { onStart: callback('start'), onResult: callback('result'), onFailure: callback('failure') };
  return { reporter: new JestReporter(files, callbacks, { failures, stop: () => calls.push('stop') }), calls };
}

test('jest gets results immediately, in order', async () => {
  const { reporter, calls } = reporterOf(0);
  reporter.start(one);
  reporter.start(two);
  reporter.result(two, withFailures(3));
  reporter.failure(one, 'a mistake');
  await reporter.end();
  expect(calls).toEqual(['start one', 'start two', 'result two', 'failure one']);
  expect(reporter.unfinished).toEqual([three]);
});

test('with --bail failures are reported last, and N of them end the run', async () => {
  const { reporter, calls } = reporterOf(3);
  for (const file of files) reporter.start(file);
  reporter.result(one, withFailures(2));
  reporter.result(two, withFailures(0));
  reporter.result(three, withFailures(1));
  await setImmediate();
  calls.push('labs are down');
  await reporter.end();
  expect(calls.filter((what) => !what.startsWith('start'))).toEqual([
    'stop',
    'result two',
    'labs are down',
    'result one',
    'result three',
  ]);
});
