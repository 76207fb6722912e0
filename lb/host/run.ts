import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { LbErrorCode } from '../errors.ts';
import { LbError } from '../errors.ts';

/** A program that has started and waits for its input. */
export interface Started {
  /** Whether it has not ended yet, of itself or by a signal. */
  isWaiting: () => boolean;
  /**
   * Gives it its input and returns what it printed.
   * @throws {LbError} with the code of its start and the program's own message when it fails.
   */
  finish: (input: string) => Promise<string>;
}

/** Starts a program of the host. That it could not be started is told when it is to finish. */
export function start(code: LbErrorCode, program: string, args: string[]): Started {
  const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let isWaiting = true;
  const ended = new Promise<string>((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.on('error', (cause) => {
      isWaiting = false;
      reject(new LbError(code, `${program} cannot be run (is it installed?): ${cause.message}`, { cause }));
    });
    // Where this process may open no more files there are no pipes, and the error above is all that comes.
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('exit', () => (isWaiting = false));
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(out).toString());
      else {
        const said = Buffer.concat(err).toString().trim() || `ended with ${signal ?? status}`;
        reject(new LbError(code, `${program} ${args.join(' ')}: ${said}`));
      }
    });
  });
  // Whoever waits for its end hears of it; nobody may.
  ended.catch(() => undefined);
  // A program that ends before it has read its input breaks the pipe; its exit status tells why.
  child.stdin?.on('error', () => undefined);
  return {
    isWaiting: () => isWaiting,
    finish: (input) => {
      child.stdin?.end(input);
      return ended;
    },
  };
}

/** Runs a program of the host from start to end, as `start` and `finish`. */
export function run(code: LbErrorCode, program: string, args: string[], input = ''): Promise<string> {
  return start(code, program, args).finish(input);
}
