import { errorText } from './error-text.ts';
import { L4labError } from '../harness/errors.ts';

/** Runs a program that Ctrl-C may end; a mistake of the user's or of the machine is told without a stack. */
export async function untilInterrupted(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    process.exitCode = await main(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted && !(error instanceof L4labError)) throw error;
    console.error(errorText(error as Error));
    process.exitCode = error instanceof L4labError ? error.exitCode : 130;
  }
}
