import { packScenario } from '../../pack-details.ts';
import { type PageFlow, unpackVariant } from '../../content/page-details.ts';
import { sampleResults } from '../../samples/sample-results.ts';
import { counterpart, shownAttempt } from './shown-attempt.ts';

/** A flow whose first attempt worked and whose second failed. */
function flakyFlow(): PageFlow {
  const scenario = sampleResults().scenarios[0]!;
  const flow = scenario.variants[1]!.flows[2]!;
  Object.assign(flow.attempts[0]!, { outcome: 'works', cause: null });
  return unpackVariant(packScenario(scenario, {}), 1).flows[2]!;
}

test('a failed attempt is shown first if the flow failed', () => {
  const flow = flakyFlow();
  expect(shownAttempt(flow, 0)).toBe(flow.attempts[1]);
});

test('another attempt can be selected; an invalid number is ignored', () => {
  const flow = flakyFlow();
  expect(shownAttempt(flow, 1)).toBe(flow.attempts[0]);
  expect(shownAttempt(flow, 9)).toBe(flow.attempts[1]);
});

test('a flow that did not run has none', () => {
  expect(shownAttempt({ ...flakyFlow(), attempts: [] }, 0)).toBeNull();
});

test('compares attempts that went to the same server, if they have the outcome of their flow', () => {
  const flow = flakyFlow();
  const [first, second] = flow.attempts;
  const there = {
    ...flow,
    attempts: [
      { ...second!, picked: 's1' },
      { ...second!, picked: 's2' },
      { ...first!, picked: 's3' },
    ],
  };
  expect(counterpart({ ...first!, picked: 's2' }, there)).toBe(there.attempts[1]);
  expect(counterpart({ ...first!, picked: 's3' }, there)).toBe(there.attempts[0]);
  expect(counterpart(null, there)).toBe(there.attempts[0]);
});
