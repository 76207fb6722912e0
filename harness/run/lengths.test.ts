import fc from 'fast-check';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm } from '../model/testing/labs.ts';
import { sampleResults } from '../../reports/samples/sample-results.ts';
import type { Expectation, Plan } from '../terms/plan.ts';
import { durationsOf, expectedLengths } from './lengths.ts';

const bare = plan(oneArm({ services: {} }));
const FAILS: Expectation = { outcome: 'fails', cause: 'refused' };

function planned(variant: string, failing: number): Plan {
  const flow = { name: 'f', from: 'client', source: '', to: { node: 's1' }, address: '', port: 0, repeat: 1 };
  const flows = Array.from({ length: failing }, () => ({
    ...flow,
    protocol: 'icmp' as const,
    expect: FAILS,
    at: { file: '', line: 0, col: 0 },
  }));
  return { ...bare, scenario: 's', variant, flows };
}

test('durations of the last run are used; what never ran is estimated from the rest', () => {
  const [slow, quick, unknown] = [planned('slow', 3), planned('quick', 0), planned('new', 1)];
  const before = new Map([
    ['s slow', 900],
    ['s quick', 100],
    ['t new', 1],
  ]);
  const lengths = expectedLengths([slow, quick, unknown], before);
  expect([slow, quick, unknown].map((one) => lengths.of.get(one))).toEqual([900, 100, 400]);
  expect(lengths.inMs).toBe(true);
});

test('without stored durations, expected failures count as longer', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), (a, b) => {
      const [one, other] = [planned('a', a), planned('b', b)];
      const lengths = expectedLengths([one, other], new Map());
      expect(Math.sign(lengths.of.get(one)! - lengths.of.get(other)!)).toBe(Math.sign(a - b));
      expect(lengths.inMs).toBe(false);
    }),
  );
});

test('an incomplete run has no duration', () => {
  const results = sampleResults();
  const { name, variants } = results.scenarios[0]!;
  const [first, second] = variants;
  first!.timings = { bootMs: 1000, configureMs: 100, flowsMs: 10, resetMs: 1 };
  first!.flows.forEach((flow) => (flow.verdict = 'fail'));
  second!.flows[0]!.verdict = 'not-run';
  const durations = durationsOf(results);
  expect(durations.get(`${name} ${first!.name}`)).toBe(1111);
  expect(durations.has(`${name} ${second!.name}`)).toBe(false);
});
