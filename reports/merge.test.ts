import fc from 'fast-check';
import type { Results } from '../harness/terms/results.ts';
import { mergeResults } from './merge.ts';
import { sampleResults } from './samples/sample-results.ts';
import { timelineResults } from './samples/timeline-results.ts';

const whole = sampleResults(2);

/** The run as `count` machines would have it; `share` assigns each cell to a machine. */
function cut(results: Results, count: number, share: (cell: number) => number): Results[] {
  return Array.from({ length: count }, (_, shard): Results => {
    let cell = 0;
    const scenarios = results.scenarios
      .map((scenario) => ({
        ...scenario,
        variants: scenario.variants
          .map((variant) => ({ ...variant, flows: variant.flows.filter(() => share(cell++) === shard) }))
          .filter(({ flows }) => flows.length > 0),
      }))
      .filter(({ variants }) => variants.length > 0);
    return { ...results, scenarios };
  }).filter(({ scenarios }) => scenarios.length > 0);
}

const shares = fc.array(fc.nat(), { minLength: 60, maxLength: 60 });

test('the result does not depend on how the run was split, even within scenarios and variants', () => {
  const expected = mergeResults([whole]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), shares, (count, share) => {
      const parts = cut(whole, count, (cell) => (share[cell % share.length] ?? 0) % count);
      expect(mergeResults(parts)).toEqual(expected);
      expect(mergeResults(parts.toReversed())).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

test('flows and variants are in the order of the YAML', () => {
  const order = ({ scenarios }: Results) =>
    new Map(scenarios.map((s) => [s.name, s.variants.map((v) => [v.name, ...v.flows.map(({ name }) => name)])]));
  expect(order(mergeResults([whole]))).toEqual(order(whole));
});

test('every flow of every variant is there exactly once', () => {
  const names = (results: Results) =>
    results.scenarios
      .flatMap((s) => s.variants.flatMap((v) => v.flows.map((f) => `${s.name}/${v.name}/${f.name}`)))
      .sort();
  expect(names(mergeResults([whole, whole]))).toEqual(names(whole));
});

test('a flow that only one part could run keeps its observation; a failure takes precedence over a pass', () => {
  const [failed, notRun] = [sampleResults(), sampleResults()];
  notRun.scenarios[0]!.variants[0]!.flows[0]!.verdict = 'not-run';
  failed.scenarios[0]!.variants[1]!.flows[0]!.verdict = 'fail';
  const merged = mergeResults([notRun, failed, sampleResults()]).scenarios.find(
    ({ name }) => name === 'one-arm-modes',
  )!;
  const verdict = (variant: string) => merged.variants.find(({ name }) => name === variant)!.flows[0]!.verdict;
  expect(verdict('proxy')).toBe('pass');
  expect(verdict('dnat-gateway-l3')).toBe('fail');
});

test('the merged run lasts from the first start to the last end', () => {
  const later = { ...sampleResults(), startedAt: '2026-11-21T22:10:10.000Z', durationMs: 20_000 };
  const merged = mergeResults([later, sampleResults()]);
  expect(merged.startedAt).toBe('2026-11-21T22:10:04.000Z');
  expect(merged.durationMs).toBe(26_000);
});

test('timelines are kept', () => {
  const results = timelineResults();
  const without = structuredClone(results);
  for (const variant of without.scenarios[0]!.variants) delete variant.timeline;
  const merged = mergeResults([without, results]).scenarios[0]!;
  for (const variant of results.scenarios[0]!.variants)
    expect(merged.variants.find(({ name }) => name === variant.name)!.timeline).toEqual(variant.timeline);
});
