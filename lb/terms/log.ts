import { LbError } from './errors.ts';

/** One line of the program's output. */
export type LogEvent =
  | { event: 'ready'; services: number; rulesMs: number; startMs: number; overrides: number }
  | { event: 'server-state'; service: string; server: string; up: boolean; reason: string }
  | { event: 'drained'; service: string; server: string; reason: string }
  /** A value that the API had set is in force no more. */
  | {
      event: 'override-dropped';
      service: string;
      server: string;
      field: string;
      value: number | boolean | null;
      reason: string;
    }
  /** `overrides`: values in force that the API has set over the configuration's own. */
  | { event: 'reloaded'; services: number; durationMs: number; overrides: number }
  /** Interfaces, addresses or routes are others, and the rules fit them. */
  | { event: 'host-changed'; durationMs: number }
  /** A kernel setting could not be made; the load balancer goes on without, and `message` says what is not so then. */
  | { event: 'sysctl-refused'; sysctl: string; value: string; message: string }
  | { event: 'stopped' }
  | { event: 'error'; code: string; message: string };

/** Writes an event as one JSON line with the wall clock's time. */
export function log(event: LogEvent): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
}

/** Logs what went wrong where nobody waits for it. */
export function logError(error: unknown): void {
  log({ event: 'error', code: error instanceof LbError ? error.code : 'internal', message: String(error) });
}
