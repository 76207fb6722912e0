// @ts-check
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a command in place of this process: same terminal, same exit code. Ctrl-C reaches it from the terminal; other
 * signals are forwarded, so that it can remove what it booted.
 * @param {string[]} command
 * @returns {Promise<number>} its exit code; 128 and the signal's number if a signal ended it, which is reported
 */
export function runCommand([program = '', ...args]) {
  const child = spawn(program, args, { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === null) return resolve(code ?? 1);
      console.error(`${[program, ...args].join(' ')} was ended by ${signal} before it was finished.`);
      resolve(128 + constants.signals[signal]);
    });
  });
}
