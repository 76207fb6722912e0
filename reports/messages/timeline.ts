import { linkName } from '../../harness/terms/link-name.ts';
import type { ActionPlan, Awaited, OneLink } from '../../harness/terms/plan.ts';
import type { BandState, ConnectionsSummary, Outage, StreamSummary } from '../../harness/terms/timeline-results.ts';
import type { StreamPrediction } from '../../harness/terms/stream-prediction.ts';

/** What reports say of time, beside the messages of results. */
export interface TimelineTexts {
  action: (action: ActionPlan) => string;
  awaited: (awaited: Awaited) => string;
  states: Record<BandState, string>;
  outage: (outage: Outage) => string;
  failed: (summary: Pick<StreamSummary, 'calls' | 'failed'>) => string;
  connections: (connections: ConnectionsSummary) => string;
  /** A stream in a step in one line: its outage, the calls that failed and why, and what became of kept connections. */
  seen: (summary: StreamSummary) => string;
  /** What the model expects of a stream in a step in one line; bounds and what it does not know are messages. */
  predicted: (prediction: Omit<StreamPrediction, 'unknown'>) => string;
}

/** A link by its nodes; one of several between them by the word that a scenario has for it. */
export function linkText({ link: [a, b], number = 1 }: OneLink): string {
  return `${a}–${linkName(b, number)}`;
}
