import type { SingleExpectation } from './plan.ts';
import type { StreamExpectation } from './timeline.ts';

/** The ways that an attempt may go: several where the expectation is that they vary; after an outage, where one is expected. */
export function alternativesOf(expect: StreamExpectation): SingleExpectation[] {
  if (expect.outcome === 'interrupted') return [expect.then];
  if (expect.outcome === 'connections') return [];
  if (expect.outcome !== 'varies') return [expect];
  return 'oneOf' in expect ? expect.oneOf : expect.eachOf;
}

/** Whether an attempt may fail and yet be as expected. */
export function mayBeToFail(expect: StreamExpectation): boolean {
  return alternativesOf(expect).some(({ outcome }) => outcome === 'fails');
}
