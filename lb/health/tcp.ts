import { connect } from 'node:net';

/** Outcome of one health check. */
export interface CheckResult {
  ok: boolean;
  /** Why, in a few words: `connected`, `ECONNREFUSED`, `no answer in 500 ms`. */
  reason: string;
}

/** Whether a TCP connection is accepted within `timeoutMs`; closed by a reset, so that nothing lingers. */
export function checkTcp(host: string, port: number, timeoutMs: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => finish({ ok: false, reason: `no answer in ${timeoutMs} ms` }), timeoutMs);
    const finish = (result: CheckResult) => {
      clearTimeout(timer);
      socket.resetAndDestroy();
      resolve(result);
    };
    socket.on('connect', () => finish({ ok: true, reason: 'connected' }));
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, reason: error.code ?? error.message }));
  });
}
