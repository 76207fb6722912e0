import type { Place } from './cause.ts';
import type { MessageOf } from './message.ts';
import type { ActionPlan } from './timeline-plan.ts';
import type { Prediction } from './walk.ts';

/** Prediction for a stream in a step. */
export interface StreamPrediction {
  /** Calls in the steady state; null if the model does not know. */
  settled: Prediction[] | null;
  /** Failures to expect before that; null if there are none. */
  outage: PredictedOutage | null;
  /** Fate of kept connections; null if there are none, or the model does not know. */
  connections: { survive: 'all' | 'none' | 'some'; cause: Place | null } | null;
  /** Why the model does not know. */
  unknown: Unknown[];
}

export interface PredictedOutage {
  causes: Place[];
  /** Maximum length for these settings, ms; null if no setting bounds it. */
  atMostMs: number | null;
  /** Actions of unknown length that end it; absent if settings bound it. */
  until?: ActionPlan['do'][];
  /** Its parts: advertisements missed, checks missed, ageing. */
  bounds: Bound[];
}

/** A part of a bound, with the settings that it is computed from. */
export type Bound = MessageOf<Bounds>;

export interface Bounds {
  'master-down': { pair: string; advertMs: number; ms: number };
  'check-fails': { service: string; intervalMs: number; timeoutMs: number; fall: number; ms: number };
  'check-passes': { service: string; intervalMs: number; rise: number; ms: number };
  'neighbour-ages': { node: string; ms: number };
  'mac-ages': { node: string; ms: number };
}

export type Unknown = MessageOf<Unknowns>;

export interface Unknowns {
  /** The server that a hash picks is unknown, so the connection may or may not survive. */
  'pick-unknown': { service: string };
  /** Two nodes have an address: which answer wins is random. */
  'holder-unknown': { address: string; nodes: string[] };
  /** The new master is unknown, for example after a link has flapped. */
  'master-unknown': { pair: string; nodes: string[] };
  /** Several nodes had an address at the same time, and one still has: which neighbours know this is random. */
  'neighbours-unknown': { address: string; nodes: string[] };
  /** The model does not cover the action. */
  'action-unknown': { action: ActionPlan['do'] };
}
