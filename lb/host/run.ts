import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { LbErrorCode } from '../terms/errors.ts';
import { LbError } from '../terms/errors.ts';
import { demandRoomForChild } from './room-for-child.ts';

/** A program was ended by a signal, or ended without a word: what it has done is unknown. */
export class ProgramDied extends LbError {}

/**
 * Runs a program of the host and returns what it printed.
 * @throws {LbError} with the given code and the program's own message when it fails; `ProgramDied` after a signal.
 */
export function run(code: LbErrorCode, program: string, args: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      const message = `${program} cannot be run (is it installed?): ${cause instanceof Error ? cause.message : String(cause)}`;
      reject(new LbError(code, message, { cause }));
    };
    try {
      demandRoomForChild();
    } catch (cause) {
      fail(cause);
      return;
    }
    const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.on('error', fail);
    // Where this process may open no more files there are no pipes, and the error above is all that comes.
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(out).toString());
      else {
        const said = Buffer.concat(err).toString().trim() || `ended with ${signal ?? status}`;
        const Failure = signal === null ? LbError : ProgramDied;
        reject(new Failure(code, `${program} ${args.join(' ')}: ${said}`));
      }
    });
    // A program that ends before it has read its input breaks the pipe; its exit status tells why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
