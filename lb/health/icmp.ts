import { spawn } from 'node:child_process';
import type { LbService } from '../terms/config.ts';
import type { CheckResult } from './result.ts';
import { noAnswer } from './result.ts';

/**
 * Whether an echo request is answered in time. Uses `ping`, because Node has no raw sockets. `mark` is the packet mark
 * by which the rules recognize DSR checks.
 */
export function checkIcmp(
  address: string,
  mark: number,
  { source, timeoutMs }: LbService['check'],
): Promise<CheckResult> {
  return new Promise((resolve) => {
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    const from = source === undefined ? [] : ['-I', source];
    const how = ['-n', '-q', '-c', '1', '-m', String(mark), '-W', String(seconds), ...from];
    const child = spawn('ping', [...how, address], { stdio: 'ignore' });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(noAnswer(timeoutMs));
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, reason: `ping cannot be run: ${error.message}` });
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? { ok: true, reason: 'echo reply' } : noAnswer(timeoutMs));
    });
  });
}
