/** Outcome of one health check. */
export interface CheckResult {
  ok: boolean;
  /** The reason, in short: `connected`, `ECONNREFUSED`, `no answer in 500 ms`. */
  reason: string;
}

export function noAnswer(timeoutMs: number): CheckResult {
  return { ok: false, reason: `no answer in ${timeoutMs} ms` };
}
