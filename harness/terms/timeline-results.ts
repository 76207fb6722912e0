import type { Attempt } from './attempt.ts';
import type { Cause, ClientOutcome, Place } from './cause.ts';
import type { SourcePosition } from './flow-plan.ts';
import type { StreamPrediction } from './stream-prediction.ts';
import type { ActionPlan, StreamPlan } from './timeline-plan.ts';

/** What happened over time. Times are ms since `epoch`. */
export interface TimelineResult {
  /** Nanoseconds since 1970 (digits): the clock of the captures. */
  epoch: string;
  steps: StepResult[];
  streams: StreamResult[];
  bands: StateBand[];
}

export interface StepResult {
  name: string;
  title: string;
  at: SourcePosition;
  beginMs: number;
  endMs: number;
  actions: { action: ActionPlan; beginMs: number; endMs: number }[];
}

export interface StreamResult {
  name: string;
  from: string;
  /** Destination as text, for example `web (203.0.113.80:80)`. */
  to: string;
  protocol: StreamPlan['protocol'];
  connection: StreamPlan['connection'];
  calls: CallResult[];
  /** The first of each kind of call, in full. */
  examples: Attempt[];
}

export interface CallResult {
  /** Index of its step. */
  step: number;
  /** Which of the stream's kept connections, from 0; a reopened one gets a new number. Absent if each call has its own. */
  connection?: number;
  /** When its first packet left the caller, ms. */
  beginMs: number;
  /** When its reply arrived, or its timeout expired, ms. */
  endMs: number;
  outcome: 'works' | 'fails';
  client: ClientOutcome;
  servedBy: string | null;
  /** The L4 that forwarded it, as seen on the link. */
  l4: string | null;
  cause: Place | null;
  /** Index of the example that is like it. */
  example: number;
}

/** States of a member of a pair, of a server according to a load balancer, or of a node over time. */
export interface StateBand {
  of:
    | { kind: 'member'; pair: string; node: string }
    | { kind: 'server'; service: string; server: string; at: string }
    | { kind: 'node'; node: string };
  /** In order; each lasts until the next one. */
  spans: { fromMs: number; state: BandState }[];
}

export type BandState = 'master' | 'backup' | 'fault' | 'up' | 'down' | 'off' | 'paused';

/** A cell of a timeline: a stream in a step. */
export interface StreamInStep {
  stream: string;
  step: string;
  summary: StreamSummary;
  predicted: StreamPrediction;
}

/** A stream in a step, in numbers. */
export interface StreamSummary {
  calls: number;
  failed: number;
  /** The longest time during which calls failed; null if none did. */
  outage: Outage | null;
  /** Why calls failed, most frequent first; `example` counts the stream's examples from 0. */
  causes: { cause: Cause; calls: number; example: number }[];
  /** Calls by server, and by the L4 that forwarded them. */
  servedBy: Record<string, number>;
  l4: Record<string, number>;
  /** Present if connections are kept. */
  connections?: ConnectionsSummary;
}

/**
 * From the last reply before the first failed call (or the start of the step) to the first reply to a call that began after
 * the last failed one, as they arrived at the caller. Calls in between may work, for example if one of several servers is gone.
 */
export interface Outage {
  fromMs: number;
  /** Null if nothing worked after it. */
  toMs: number | null;
  /** Until the end of the step if it did not end. */
  ms: number;
}

/** Kept connections that were open when the step began; replacements of broken ones do not count. */
export interface ConnectionsSummary {
  survived: number;
  reset: number;
  /** Had an unanswered call when the step ended. */
  stalled: number;
  /** The longest time from a call to its reply, or to the end of the step, ms. */
  longestStallMs: number;
  /** Payload of requests without a reply before their connection ended, bytes. */
  lostBytes: number;
}

/**
 * A call of a stream as seen by its caller. Times: ms since 1970 on the kernel's wall clock. An exchange on a kept
 * connection that outlasts its step has a record in each step: it timed out in the first and continues in the next. A
 * late answer counts as failure, although `servedBy` names the server.
 */
export interface CallRecord {
  stream: string;
  /** Index of the step in which it began. */
  step: number;
  /** Which of the kept connections, from 0; a reopened one gets a new number. Absent if each call has its own. */
  connection?: number;
  /** Identifies its packets. */
  token: string;
  sourcePort: number;
  beganAt: number;
  endedAt: number;
  answered: boolean;
  outcome: ClientOutcome;
  /** As stated in the reply. */
  servedBy: string | null;
  sourceSeen: string | null;
}
