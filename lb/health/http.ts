import type { LbService } from '../terms/config.ts';
import type { CheckResult } from './result.ts';
import { noAnswer } from './result.ts';

/** Bytes of a response that are searched for the expected text. */
const BODY_LIMIT = 65_536;

/** Whether a GET returns the expected status, and the expected text in its body, in time. */
export async function checkHttp(
  address: string,
  port: number,
  host: string,
  check: LbService['check'],
): Promise<CheckResult> {
  // Loaded on demand: it would add a tenth to the start-up time, and a snapshot cannot contain it.
  const { get } = await import('node:http');
  const { path = '/', status = 200, body = '', timeoutMs, source } = check;
  return new Promise((resolve) => {
    const from = source === undefined ? {} : { localAddress: source };
    const request = get({ host: address, port, path, headers: { host }, agent: false, ...from });
    const timer = setTimeout(() => finish(noAnswer(timeoutMs)), timeoutMs);
    const finish = (result: CheckResult) => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    request.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, reason: error.code ?? error.message }));
    request.on('response', (response) => {
      if (response.statusCode !== status) {
        finish({ ok: false, reason: `status ${response.statusCode}, not ${status}` });
        return;
      }
      let text = '';
      const settle = () => {
        const found = text.includes(body);
        finish({ ok: found, reason: found ? `status ${status}` : `no ${JSON.stringify(body)} in the body` });
      };
      if (body === '') settle();
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes(body) || text.length > BODY_LIMIT) settle();
      });
      response.on('end', settle);
      response.on('error', () => settle());
    });
  });
}
