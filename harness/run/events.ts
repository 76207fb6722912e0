import type { Fault } from '../terms/fault.ts';
import type { FlowResult } from '../terms/results.ts';

/** What a run tells while it goes on. */
export type RunEvent =
  | { event: 'started'; scenarios: number; flows: number }
  | { event: 'booting'; scenario: string; nodes: number }
  | { event: 'booted'; scenario: string; durationMs: number }
  | { event: 'flow'; scenario: string; variant: string; result: FlowResult }
  | { event: 'not-run'; scenario: string; variant: string; reason: Fault }
  | { event: 'scenario'; scenario: string; durationMs: number };

export type OnEvent = (event: RunEvent) => void;
