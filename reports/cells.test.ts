import type { FlowResult } from '../harness/terms/results.ts';
import { cellsOf, failuresByCause, story } from './cells.ts';
import { toPageIndex } from './page-index.ts';
import { sampleResults } from './testing/sample-results.ts';

const CONTROL = 'The control client → s2 fails (timeout), so the failure of the flow proves nothing.';

/** Results of which one flow fails for its declared cause while a control of it fails too. */
function withFailedControl() {
  const results = sampleResults();
  const cell = cellsOf(results).find(({ flow }) => flow.verdict === 'fail' && flow.cause !== null)!;
  const failed: Partial<FlowResult> = {
    expected: { outcome: 'fails', cause: cell.flow.cause!.code },
    reasons: [CONTROL],
    counterfactuals: [{ title: 'services in proxy mode', change: '', proven: null }],
  };
  Object.assign(cell.flow, failed);
  return { results, cell };
}

test('of a flow that fails as it should, what keeps it from passing is told, and nothing to mend it', () => {
  const { results, cell } = withFailedControl();
  expect(story(cell.flow)).toContain(CONTROL);
  const index = toPageIndex(results);
  const flows = index.scenarios.flatMap(({ variants }) => variants.flatMap((variant) => variant.flows));
  expect(flows.find(({ detail }) => detail === CONTROL)).toMatchObject({ verdict: 'fail', mend: null });
});

test('it is not listed under its cause', () => {
  const { results, cell } = withFailedControl();
  const groups = failuresByCause(cellsOf(results));
  expect(groups.get(cell.flow.cause!.code) ?? []).not.toContainEqual(cell);
});
