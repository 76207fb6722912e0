import type { Expectation, SingleExpectation } from './plan.ts';

/** The ways that an attempt may go: several where the expectation is that they vary. */
export function alternativesOf(expect: Expectation): SingleExpectation[] {
  if (expect.outcome !== 'varies') return [expect];
  return 'oneOf' in expect ? expect.oneOf : expect.eachOf;
}

/** Whether an attempt may fail and yet be as expected. */
export function mayBeToFail(expect: Expectation): boolean {
  return alternativesOf(expect).some(({ outcome }) => outcome === 'fails');
}
