import { typicalAttempt } from '../../content/cells.ts';
import type { PageAttempt, PageFlow } from '../../content/page-details.ts';

/**
 * The attempt that is shown: number `wanted`, from 1, or the first that went as the flow as a whole did.
 * Null for a flow that did not run.
 */
export function shownAttempt(flow: PageFlow, wanted: number): PageAttempt | null {
  return flow.attempts[wanted - 1] ?? typicalAttempt(flow);
}

/**
 * The attempt of another variant's flow that `mine` is compared with: the one that went to the same server, where there
 * is one, since which server the L4 picks is no difference of the variants.
 */
export function counterpart(mine: PageAttempt | null, flow: PageFlow): PageAttempt | null {
  const shown = shownAttempt(flow, 0);
  if (mine?.picked == null) return shown;
  return flow.attempts.find(({ picked, outcome }) => picked === mine.picked && outcome === shown?.outcome) ?? shown;
}
