import fc from 'fast-check';
import { predict } from '../../harness/model/predict.ts';
import { resolvePlan } from '../../harness/scenario/resolve/resolve.ts';
import { generated, type Generated } from './generated.ts';
import { load } from './load.ts';
import { smallest } from './smallest.ts';

/** Whether some flow is predicted to fail for it. */
function fails(code: string, sample: Generated): boolean {
  const { scenario } = load('sample', sample);
  const plan = resolvePlan(scenario, scenario.variants[0]!);
  return plan.flows.some((flow) => predict(plan, flow).some(({ cause }) => cause?.code === code));
}

test('a lab shrinks to one flow and the settings that matter', async () => {
  const isStrict = (sample: Generated) => fails('reverse-path', sample);
  const sample = fc.sample(generated, { seed: 5, numRuns: 300 }).find(isStrict)!;
  let looks = 0;
  const { scenario } = await smallest(sample, (smaller) => {
    looks += 1;
    return Promise.resolve(isStrict(smaller));
  });
  expect(Object.keys(scenario['flows'] as object)).toHaveLength(1);
  const settings = JSON.stringify([scenario['servers'], scenario['nodes']]);
  expect(settings).toMatch(/"rpFilter":[12]/);
  expect(settings).not.toMatch(/Redirects|acceptLocal/);
  expect(looks).toBeLessThan(100);
});

test('a lab that cannot shrink does not change', async () => {
  const [sample] = fc.sample(generated, { seed: 7, numRuns: 1 }) as [Generated];
  expect(await smallest(sample, () => Promise.resolve(false))).toEqual(sample);
});
