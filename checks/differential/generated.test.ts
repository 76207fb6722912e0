import fc from 'fast-check';
import { predict } from '../../harness/model/predict.ts';
import { resolvePlan } from '../../harness/scenario/resolve/resolve.ts';
import { generated } from './generated.ts';
import { load } from './load.ts';

test('every generated lab is a valid scenario, and every flow has a prediction with a reason', () => {
  fc.assert(
    fc.property(generated, (sample) => {
      const { scenario } = load('sample', sample);
      const plan = resolvePlan(scenario, scenario.variants[0]!);
      for (const flow of plan.flows) {
        const predictions = predict(plan, flow);
        expect(predictions.length).toBeGreaterThan(0);
        for (const { outcome, cause } of predictions) {
          expect(cause === null).toBe(outcome === 'works');
          expect(cause?.code).not.toBe('unexplained');
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('the same seed makes the same labs', () => {
  expect(fc.sample(generated, { seed: 7, numRuns: 5 })).toEqual(fc.sample(generated, { seed: 7, numRuns: 5 }));
});
