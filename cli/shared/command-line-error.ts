import { L4labError } from '../../harness/errors.ts';

/** Mistakes on the command line, one per line. */
export function commandLineError(...messages: string[]): L4labError {
  return new L4labError('invalid-input', messages.join('\n'));
}
