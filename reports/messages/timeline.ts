import { linkName } from '../../harness/terms/link-name.ts';
import type { ActionPlan, Awaited, OneLink } from '../../harness/terms/plan.ts';
import type { BandState, ConnectionsSummary, Outage, StreamSummary } from '../../harness/terms/timeline-results.ts';
import type { StreamPrediction } from '../../harness/terms/stream-prediction.ts';

/** Texts about time, in addition to the messages of results. */
export interface TimelineTexts {
  action: (action: ActionPlan) => string;
  awaited: (awaited: Awaited) => string;
  states: Record<BandState, string>;
  outage: (outage: Outage) => string;
  failed: (summary: Pick<StreamSummary, 'calls' | 'failed'>) => string;
  connections: (connections: ConnectionsSummary) => string;
  /** A stream in a step in one line: outage, failed calls and why, and the fate of kept connections. */
  seen: (summary: StreamSummary) => string;
  /** Prediction of a stream in a step in one line. */
  predicted: (prediction: Omit<StreamPrediction, 'unknown'>) => string;
}

/** A link by its nodes; one of several between them by its name in scenarios. */
export function linkText({ link: [a, b], number = 1 }: OneLink): string {
  return `${a}–${linkName(b, number)}`;
}
