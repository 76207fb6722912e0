import type { Fault } from '../terms/fault.ts';
import type { FlowResult } from '../terms/results.ts';

/** Expected duration of scenarios, ms, by name, and how many run at the same time. */
export interface Forecast {
  expectedMs: Record<string, number>;
  atOnce: number;
}

/** Events of a run. */
export type RunEvent =
  | { event: 'started'; scenarios: number; flows: number; forecast?: Forecast }
  | { event: 'booting'; scenario: string; nodes: number }
  | { event: 'booted'; scenario: string; durationMs: number }
  | { event: 'flow'; scenario: string; variant: string; result: FlowResult }
  | { event: 'not-run'; scenario: string; variant: string; reason: Fault }
  /** An engine has stopped answering; the scenario is run on another one. */
  | { event: 'engine-lost'; engine: string; scenario: string }
  | { event: 'scenario'; scenario: string; durationMs: number };

export type OnEvent = (event: RunEvent) => void;
