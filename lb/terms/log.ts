import { LbError } from './errors.ts';

/** One line of the program's output. */
export type LogEvent =
  | { event: 'ready'; services: number; rulesMs: number; startMs: number; overrides: number }
  | { event: 'server-state'; service: string; server: string; up: boolean; reason: string }
  | { event: 'drained'; service: string; server: string; reason: string }
  /** An override by the API has ended. */
  | {
      event: 'override-dropped';
      service: string;
      server: string;
      field: string;
      value: number | boolean | null;
      reason: string;
    }
  /** `overrides`: number of active overrides set by the API. */
  | { event: 'reloaded'; services: number; durationMs: number; overrides: number }
  /** Interfaces, addresses or routes have changed, and the rules have been adapted. */
  | { event: 'host-changed'; durationMs: number }
  /**
   * A kernel setting could not be changed; the load balancer continues without it, and `message` says what that means.
   */
  | { event: 'sysctl-refused'; sysctl: string; value: string; message: string }
  | { event: 'stopped' }
  | { event: 'error'; code: string; message: string };

/** Writes an event as one JSON line with a timestamp. */
export function log(event: LogEvent): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
}

/** Logs an error that has no caller to handle it. */
export function logError(error: unknown): void {
  log({ event: 'error', code: error instanceof LbError ? error.code : 'internal', message: String(error) });
}
