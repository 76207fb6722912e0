import { typicalAttempt } from '../../content/cells.ts';
import type { PageAttempt, PageFlow } from '../../content/page-details.ts';

/**
 * The attempt to show: number `wanted`, from 1, or the first one with the flow's overall outcome.
 * Null for a flow that did not run.
 */
export function shownAttempt(flow: PageFlow, wanted: number): PageAttempt | null {
  return flow.attempts[wanted - 1] ?? typicalAttempt(flow);
}

/**
 * The attempt of another variant's flow to compare `mine` with: the one that went to the same server if there is
 * one, because the L4's choice of server is not a difference between variants.
 */
export function counterpart(mine: PageAttempt | null, flow: PageFlow): PageAttempt | null {
  const shown = shownAttempt(flow, 0);
  if (mine?.picked == null) return shown;
  return flow.attempts.find(({ picked, outcome }) => picked === mine.picked && outcome === shown?.outcome) ?? shown;
}
