import type { ObservedCall } from '../observe/stream-calls.ts';
import type { Attempt } from '../terms/attempt.ts';

/** A call of a stream with its result. Times: ms since the timeline's epoch. */
export interface JudgedCall extends ObservedCall {
  attempt: Attempt;
  /** When its first packet left the caller. */
  beginMs: number;
  /** When its answer arrived, or it timed out. */
  endMs: number;
}

export function works({ attempt }: JudgedCall): boolean {
  return attempt.outcome === 'works';
}

/** Times of a step. Times: ms since `epoch`. */
export interface StepTime {
  /** Nanoseconds since 1970 (digits). */
  epoch: string;
  beginMs: number;
  /** When its actions were done. */
  actedMs: number;
  /** When its awaited state was reached; equals `actedMs` if there is none. */
  settledMs: number;
  endMs: number;
}
