import { cause } from '../harness/terms/cause.ts';
import { diffResults, diffText } from './diff.ts';
import { sampleResults } from './samples/sample-results.ts';
import { timelineResults } from './samples/timeline-results.ts';

test('runs with equal outcomes do not differ, whatever their timings and ports', () => {
  const again = sampleResults();
  for (const flow of again.scenarios.flatMap((s) => s.variants.flatMap((v) => v.flows))) flow.durationMs += 17;
  expect(diffText(sampleResults(), again)).toBe('Nothing changed: 27 flows with the same verdicts and causes.\n');
});

test('lists new failures, fixed flows, changed causes, new flows and removed flows', () => {
  const [before, after] = [sampleResults(), sampleResults()];
  const [proxy, dnatL3, dnatL4] = after.scenarios[0]!.variants;
  Object.assign(proxy!.flows[0]!, {
    verdict: 'fail',
    outcome: 'fails',
    cause: cause('refused', 'listener-missing', { node: 's1', address: '', port: 80, protocol: 'tcp' }),
  });
  Object.assign(dnatL3!.flows[2]!, { verdict: 'pass', outcome: 'works', cause: null });
  dnatL4!.flows[1]!.cause = cause('own-address-as-source', 'own-source', { node: 's1', source: '' });
  after.scenarios[1]!.variants[0]!.flows[0]!.name = 'renamed';
  expect(diffText(before, after)).toBe(
    [
      'newly failing (1)',
      '  ~ one-arm-modes › proxy › client-to-web: pass, works → fail, refused at s1',
      '',
      'fixed (1)',
      '  ~ one-arm-modes › dnat-gateway-l3 › web-calls-shop: fail, reply-not-from-vip at s1 → pass, works',
      '',
      'otherwise changed (1)',
      '  ~ one-arm-modes › dnat-gateway-l4 › server-to-own-vip: pass, reply-not-from-vip at s1 → pass, own-address-as-source at s1',
      '',
      'new (1)',
      '  + in-line-recursion › dnat › renamed: pass, works',
      '',
      'gone (1)',
      '  - in-line-recursion › dnat › client-to-web: pass, works',
      '',
      '5 of 27 flows changed.',
      '',
    ].join('\n'),
  );
});

test('a flow that no longer runs is a regression', () => {
  const after = sampleResults();
  Object.assign(after.scenarios[0]!.variants[0]!.flows[0]!, { verdict: 'not-run', outcome: null });
  expect(diffResults(sampleResults(), after)).toEqual([
    {
      kind: 'newly failing',
      where: 'one-arm-modes › proxy › client-to-web',
      before: 'pass, works',
      after: 'not-run',
    },
  ]);
});

test('a different outage, or none, is no difference if both are as expected', () => {
  const [before, after] = [timelineResults(), timelineResults()];
  const calls = after.scenarios[0]!.variants[0]!.flows.find(({ name }) => name === 'l4a-dies.calls')!;
  calls.stream!.summary = { ...calls.stream!.summary, failed: 0, outage: null, causes: [] };
  calls.outcome = 'works';
  calls.cause = null;
  expect(diffText(before, after)).toMatch(/^Nothing changed/);
  calls.verdict = 'fail';
  expect(diffText(before, after)).toContain('l4a-dies.calls: pass');
});
