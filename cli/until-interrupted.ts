import { errorText } from './shared/error-text.ts';
import { L4labError } from '../harness/errors.ts';

/** Runs a program that Ctrl-C can interrupt; errors of the user or the machine are printed without a stack. */
export async function untilInterrupted(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    process.exitCode = await main(stop.signal);
  } catch (thrown) {
    const error = isAboutOptions(thrown) ? new L4labError('invalid-input', thrown.message) : thrown;
    const isKnown = error instanceof L4labError;
    if (!isKnown && !stop.signal.aborted) throw error;
    console.error(isKnown ? errorText(error) : 'Interrupted.');
    process.exitCode = isKnown ? error.exitCode : 130;
  }
}

/** Whether parseArgs of node:util refused an option. */
function isAboutOptions(error: unknown): error is Error {
  return /^ERR_PARSE_ARGS_/.test((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
