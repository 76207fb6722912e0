import type { Test } from '@jest/test-result';
import { sampleResults } from '../reports/samples/sample-results.ts';
import type { Verdict } from '../harness/terms/results.ts';
import { testResult, type FlowTest } from './test-result.ts';

const FILE = { path: '/mine/scenarios/one.yaml', context: { config: { slowTestThreshold: 5 } } } as unknown as Test;
const TIMES = { began: 1000, ended: 2500, color: false };

const cells = sampleResults().scenarios.flatMap(({ variants }) =>
  variants.flatMap(({ plan, flows }) =>
    flows.map((result) => ({ result, flow: plan.flows.find(({ name }) => name === result.name)! })),
  ),
);
function flowWith(verdict: Verdict): FlowTest {
  const { result, flow } = cells.find((cell) => cell.result.verdict === verdict)!;
  return { variant: 'base', flow, chosen: true, result };
}

test('a flow that did not run fails with its reason', () => {
  const silent = { ...flowWith('pass'), result: undefined };
  const { testResults, ...file } = testResult(FILE, 'one', [flowWith('not-run'), silent], TIMES);
  expect(testResults).toMatchObject([
    { status: 'failed', failureMessages: [expect.stringContaining('The container of node l4 ended.\nnpx l4lab run ')] },
    { status: 'failed', failureMessages: ['the scenario did not run'] },
  ]);
  expect(file).toMatchObject({ numFailingTests: 2, numPassingTests: 0, skipped: false });
});

test('a file without a selected flow is skipped', () => {
  const file = testResult(FILE, 'one', [{ ...flowWith('pass'), chosen: false, result: undefined }], TIMES);
  expect(file).toMatchObject({ skipped: true, numPendingTests: 1, numFailingTests: 0, failureMessage: null });
});
