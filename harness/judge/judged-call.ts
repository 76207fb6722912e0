import type { ObservedCall } from '../observe/stream-calls.ts';
import type { Attempt } from '../terms/attempt.ts';

/** A call of a stream with what came of it. Times: ms since the timeline's epoch. */
export interface JudgedCall extends ObservedCall {
  attempt: Attempt;
  /** When its first packet left the caller. */
  beginMs: number;
  /** When its answer was there, or it was given up. */
  endMs: number;
}

export function works({ attempt }: JudgedCall): boolean {
  return attempt.outcome === 'works';
}

/** When a step was. Times: ms since `epoch`. */
export interface StepTime {
  /** Nanoseconds since 1970 (digits). */
  epoch: string;
  beginMs: number;
  /** When its actions were done. */
  actedMs: number;
  /** When what it waits for was there; the same where it waits for nothing. */
  settledMs: number;
  endMs: number;
}
