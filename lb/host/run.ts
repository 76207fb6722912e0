import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { LbErrorCode } from '../terms/errors.ts';
import { LbError } from '../terms/errors.ts';
import { requireDescriptorsForChild } from './descriptors-for-child.ts';

/** A program that was killed by a signal, or ended without a reply: what it has done is unknown. */
export class ProgramDied extends LbError {}

/**
 * Runs a program on the host and returns its output.
 * @throws {LbError} with the given code and the program's own message when it fails; `ProgramDied` after a signal.
 */
export function run(code: LbErrorCode, program: string, args: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      const message = `${program} cannot be run (is it installed?): ${cause instanceof Error ? cause.message : String(cause)}`;
      reject(new LbError(code, message, { cause }));
    };
    try {
      requireDescriptorsForChild();
    } catch (cause) {
      fail(cause);
      return;
    }
    const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.on('error', fail);
    // Without free file descriptors there are no pipes, only the error above.
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(out).toString());
      else {
        const output = Buffer.concat(err).toString().trim() || `ended with ${signal ?? status}`;
        const Failure = signal === null ? LbError : ProgramDied;
        reject(new Failure(code, `${program} ${args.join(' ')}: ${output}`));
      }
    });
    // A program that ends before reading its input breaks the pipe; its exit status gives the reason.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
