import type { FlowResult, Results } from '../../harness/terms/results.ts';
import { sampleResults } from './sample-results.ts';

/** The samples with one flow that, as expected, works for server 1 and fails for server 2. */
export function varyingResults(): { results: Results; flow: FlowResult } {
  const results = sampleResults();
  const [proxy, dnat] = results.scenarios[0]!.variants;
  const [working, flow] = [proxy!, dnat!].map(({ flows }) => flows.find(({ name }) => name === 'server-to-own-vip')!);
  flow!.expected = {
    outcome: 'varies',
    eachOf: [
      { outcome: 'works', servedBy: { one: 's1' } },
      { outcome: 'fails', cause: flow!.cause!.code, at: 's1' },
    ],
  };
  flow!.attempts[0] = { ...working!.attempts[0]!, picked: 's1', servedBy: 's1' };
  return { results, flow: flow! };
}
