import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { LbService } from '../terms/config.ts';
import type { CheckResult } from './result.ts';
import { noAnswer } from './result.ts';

/** Whether a datagram is answered in time, with the expected text if there is one. */
export function checkUdp(address: string, port: number, check: LbService['check']): Promise<CheckResult> {
  const { send = '', expect = '', timeoutMs, source } = check;
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const timer = setTimeout(() => finish(noAnswer(timeoutMs)), timeoutMs);
    const finish = (result: CheckResult) => {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, reason: error.code ?? error.message }));
    socket.on('message', (answer) => {
      const fits = answer.toString().includes(expect);
      finish({ ok: fits, reason: fits ? 'answered' : `an answer without ${JSON.stringify(expect)}` });
    });
    const ask = (): void => socket.connect(port, address, () => socket.send(send));
    if (source === undefined) ask();
    else socket.bind({ address: source }, ask);
  });
}
