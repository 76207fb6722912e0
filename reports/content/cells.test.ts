import type { Reason } from '../../harness/terms/reason.ts';
import type { FlowResult } from '../../harness/terms/results.ts';
import { cellsOf, failuresByCause, remedy, story } from './cells.ts';
import { toPageIndex } from './page-index.ts';
import { sampleResults } from '../samples/sample-results.ts';

const CONTROL: Reason = {
  code: 'control-failed',
  params: {
    control: {
      from: 'client',
      to: 's2',
      address: '203.0.113.12',
      protocol: 'http',
      port: 80,
      works: false,
      client: 'timeout',
      cause: null,
    },
  },
};

/** Results with a flow that fails for its declared cause while one of its controls fails too. */
function withFailedControl() {
  const results = sampleResults();
  const cell = cellsOf(results).find(({ flow }) => flow.verdict === 'fail' && flow.cause !== null)!;
  const failed: Partial<FlowResult> = {
    expected: { outcome: 'fails', cause: cell.flow.cause!.code },
    reasons: [CONTROL],
    counterfactuals: [{ fixes: [{ code: 'use-proxy', params: { service: 'web' } }], change: '', proven: null }],
  };
  Object.assign(cell.flow, failed);
  return { results, cell };
}

test('a flow that fails as expected shows what keeps it from passing, and no fix', () => {
  const { results, cell } = withFailedControl();
  expect(story(cell.flow)).toContain('The control flow client → s2 203.0.113.12:80 failed');
  const index = toPageIndex(results);
  const flows = index.scenarios.flatMap(({ variants }) => variants.flatMap((variant) => variant.flows));
  expect(flows.find(({ message }) => message === CONTROL)).toMatchObject({ verdict: 'fail', fixes: null });
});

test('it is not listed under its cause', () => {
  const { results, cell } = withFailedControl();
  const groups = failuresByCause(cellsOf(results));
  expect(groups.get(cell.flow.cause!.code) ?? []).not.toContainEqual(cell);
});

test('a flow that works for some attempts and fails for others is no expected failure and not in its cause group', () => {
  const { results, cell } = withFailedControl();
  const cause = cell.flow.cause!.code;
  const mixed: Reason = { code: 'expected-to-fail', params: { cause, worked: 1, attempts: 2 } };
  const [attempt] = cell.flow.attempts;
  Object.assign(cell.flow, { reasons: [mixed], attempts: [attempt, { ...attempt, outcome: 'works', cause: null }] });
  const group = [...failuresByCause(cellsOf(results))].find(([, cells]) =>
    cells.some(({ flow }) => flow === cell.flow),
  );
  expect(group![0]).toBe('worked for some attempts, failed for others');
  expect(story(cell.flow)).toContain('but worked (1 of 2 attempts)');
});

test('states that no fix was found, except if the run was interrupted', () => {
  const { cell } = withFailedControl();
  const flow: FlowResult = { ...cell.flow, expected: { outcome: 'works' }, counterfactuals: [], disagreement: null };
  expect(remedy(flow, {})).toMatch(/^No change of one or two settings was found/);
  expect(remedy(flow, { interrupted: true })).toBeNull();
  const differing = { seen: 's1', predicted: 's2', hop: null };
  expect(remedy({ ...flow, disagreement: { code: 'server-differs', params: differing } }, {})).toMatch(/differ/);
});
