/** One line of the program's output. */
export type LogEvent =
  | { event: 'ready'; services: number; rulesMs: number; startMs: number }
  | { event: 'server-state'; service: string; server: string; up: boolean; reason: string }
  | { event: 'drained'; service: string; server: string; reason: string }
  | { event: 'reloaded'; services: number; durationMs: number }
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
