import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { AgentError } from './agent-error.ts';

/** How a program of the image ended. */
export interface Ended {
  /** -1 if it could not be started or was killed. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program of the image until it exits or the signal aborts it. Without execa: loading it, and its overhead per
 * program, cost more CPU time than the thousands of programs that a run of all scenarios starts.
 */
export async function runToEnd(
  [file, ...args]: [string, ...string[]],
  { input = '', signal }: { input?: string; signal?: AbortSignal } = {},
): Promise<Ended> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
  const ended = new Promise<Pick<Ended, 'code'> & { failure: string }>((resolve) => {
    child.on('error', ({ message }) => resolve({ code: -1, failure: message }));
    child.on('close', (code) => resolve({ code: code ?? -1, failure: '' }));
  });
  // A program that ends before it has read its input breaks the pipe; its exit code tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [{ code, failure }, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout: stdout.trimEnd(), stderr: (stderr || failure).trimEnd() };
}

/** Runs a program of the image with `input` on its stdin. @throws AgentError with its output if it fails */
export async function program(argv: [string, ...string[]], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(argv, { input });
  if (code !== 0) {
    const params = { command: argv.join(' '), exitCode: code, output: stderr, input };
    throw new AgentError({ code: 'program-failed', params });
  }
  return stdout;
}

/**
 * Runs lines of ip(8) in one process.
 * @param family of lines that do not contain an address
 * @throws AgentError with the lines if one fails
 */
export async function ipBatch(lines: string[], family?: 6): Promise<void> {
  if (lines.length === 0) return;
  await program(['ip', ...(family === undefined ? [] : [`-${family}`]), '-batch', '-'], `${lines.join('\n')}\n`);
}

/** Runs lines of ip(8) in one process, and continues after errors. @returns the output, one line per object */
export async function ipTolerantBatch(lines: string[], family?: 6): Promise<string> {
  const flags = family === undefined ? [] : [`-${family}`];
  return (await runToEnd(['ip', ...flags, '-o', '-force', '-batch', '-'], { input: `${lines.join('\n')}\n` })).stdout;
}
