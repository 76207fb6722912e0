import type { PageAttempt, PageFlow } from '../page-details.ts';

/**
 * The attempt that is shown: number `wanted`, from 1, or the first that went as the flow as a whole did.
 * Null for a flow that did not run.
 */
export function shownAttempt({ attempts, outcome, cause }: PageFlow, wanted: number): PageAttempt | null {
  const telling = attempts.find((attempt) => attempt.outcome === outcome && attempt.cause?.code === cause?.code);
  return attempts[wanted - 1] ?? telling ?? attempts[0] ?? null;
}
