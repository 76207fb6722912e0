import type { MessageOf } from '../../harness/terms/message.ts';
import type { Reasons } from '../../harness/terms/reason.ts';
import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';
import { countFlows, countTests, perform, stepsOf, type Step } from './steps.ts';

const flow = (name: string, verdict: string, reasons: object[] = []) => ({ name, verdict, reasons });
const results = (...flows: object[]) =>
  JSON.stringify({ scenarios: [{ name: 'proxy-and-dsr/dsr', variants: [{ name: 'plain', flows }] }] });

it('counts flows by verdict, and lists those that did not pass with reasons', () => {
  const unused: MessageOf<Pick<Reasons, 'server-unused'>> = {
    code: 'server-unused',
    params: { server: 's1', attempts: 4 },
  };
  const output = say(en, unused);
  const text = results(flow('a', 'pass'), flow('b', 'fail', [unused]), flow('c', 'not-run', [unused, unused]));
  expect(countFlows(text)).toEqual({
    passed: 1,
    failed: 1,
    notRun: 1,
    trouble: [
      `proxy-and-dsr/dsr [plain] b: fail: ${output}`,
      `proxy-and-dsr/dsr [plain] c: not-run: ${output} ${output}`,
    ],
  });
});

it('a test file that could not start is a failure', () => {
  const text = JSON.stringify({
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 0,
    testResults: [
      { name: 'a.test.ts', status: 'failed', message: 'Cannot find module\nmore', assertionResults: [] },
      {
        name: 'b.test.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'b works', status: 'failed', failureMessages: ['expected 1\nmore'] },
          { fullName: 'b too', status: 'passed', failureMessages: [] },
        ],
      },
    ],
  });
  expect(countTests(text)).toEqual({
    passed: 2,
    failed: 2,
    notRun: 0,
    trouble: ['a.test.ts: Cannot find module', 'b works: expected 1'],
  });
});

describe('a step', () => {
  const step: Step = {
    name: 'labs',
    user: 'alice',
    docker: true,
    command: 'npm start',
    results: { file: 'results.json', read: countFlows },
  };
  /** A machine in which the command ends with a code, and leaves this behind or nothing. */
  const machine = (exitCode: number | undefined, left?: string) => ({
    run: (command: string) =>
      Promise.resolve(
        command.startsWith('cat ')
          ? { exitCode: left === undefined ? 1 : 0, stdout: left ?? '' }
          : { exitCode, stdout: '' },
      ),
  });

  it.each([
    ['left no results', machine(0)],
    ['ran nothing', machine(0, results())],
    ['passed all and ended with an error', machine(3, results(flow('a', 'pass')))],
    ['was ended by a signal', machine(undefined, results(flow('a', 'pass')))],
  ])('that %s has failed', async (_, inMachine) => {
    const { failed, trouble } = await perform(inMachine, step, '/dev/null');
    expect(failed).toBe(1);
    expect(trouble).toHaveLength(1);
  });

  it('that passed all and ended with 0 has passed', async () => {
    expect(await perform(machine(0, results(flow('a', 'pass'))), step, '/dev/null')).toEqual({
      passed: 1,
      failed: 0,
      notRun: 0,
      trouble: [],
    });
  });
});

it('labs are those of the named scenarios', () => {
  const steps = stepsOf({ scenarios: ['time/', 'failures/nat'], quick: false, tests: false });
  expect(steps.filter(({ name }) => name.startsWith('labs')).map(({ command }) => command)).toEqual([
    'npm start -- time/ failures/nat',
    'npm start -- time/ failures/nat',
  ]);
});
