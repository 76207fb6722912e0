import { errorText } from './shared/error-text.ts';
import { L4labError } from '../harness/errors.ts';

/** Runs a program that Ctrl-C can interrupt; errors of the user or the machine are printed without a stack. */
export async function untilInterrupted(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    process.exitCode = await main(stop.signal);
  } catch (error) {
    const isKnown = error instanceof L4labError;
    if (!isKnown && !stop.signal.aborted) throw error;
    console.error(isKnown ? errorText(error) : 'Interrupted.');
    process.exitCode = isKnown ? error.exitCode : 130;
  }
}
