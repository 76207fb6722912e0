import { connect } from 'node:net';
import type { LbService } from '../terms/config.ts';
import type { CheckResult } from './result.ts';
import { noAnswer } from './result.ts';

/** Whether a TCP connection is accepted within `timeoutMs`. Closes it with a reset, so that no state remains. */
export function checkTcp(host: string, port: number, { source, timeoutMs }: LbService['check']): Promise<CheckResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(source === undefined ? {} : { localAddress: source }) });
    const timer = setTimeout(() => finish(noAnswer(timeoutMs)), timeoutMs);
    const finish = (result: CheckResult) => {
      clearTimeout(timer);
      socket.resetAndDestroy();
      resolve(result);
    };
    socket.on('connect', () => finish({ ok: true, reason: 'connected' }));
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, reason: error.code ?? error.message }));
  });
}
