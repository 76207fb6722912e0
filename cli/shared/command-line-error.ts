import { L4labError } from '../../harness/errors.ts';

/** What is wrong with the words after `l4lab`: a line each. */
export function commandLineError(...messages: string[]): L4labError {
  return new L4labError('invalid-input', messages.join('\n'));
}
