import type { Fault } from '../terms/fault.ts';
import type { FlowResult } from '../terms/results.ts';

/** How long scenarios are expected to take, ms, by name, and how many run at the same time. */
export interface Forecast {
  expectedMs: Record<string, number>;
  atOnce: number;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | { event: 'started'; scenarios: number; flows: number; forecast?: Forecast }
  | { event: 'booting'; scenario: string; nodes: number }
  | { event: 'booted'; scenario: string; durationMs: number }
  | { event: 'flow'; scenario: string; variant: string; result: FlowResult }
  | { event: 'not-run'; scenario: string; variant: string; reason: Fault }
  /** An engine does not answer any more; the scenario runs on another one. */
  | { event: 'engine-lost'; engine: string; scenario: string }
  | { event: 'scenario'; scenario: string; durationMs: number };

export type OnEvent = (event: RunEvent) => void;
