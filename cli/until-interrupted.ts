import { errorText } from './shared/error-text.ts';
import { L4labError } from '../harness/errors.ts';

/** Runs a program that Ctrl-C may end; a mistake of the user's or of the machine is told without a stack. */
export async function untilInterrupted(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    process.exitCode = await main(stop.signal);
  } catch (error) {
    const isTold = error instanceof L4labError;
    if (!isTold && !stop.signal.aborted) throw error;
    console.error(isTold ? errorText(error) : 'Interrupted.');
    process.exitCode = isTold ? error.exitCode : 130;
  }
}
