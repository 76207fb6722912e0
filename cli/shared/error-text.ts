import { EnvironmentError } from '../../harness/errors.ts';
import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';

/** Text of an error for the command line. */
export function errorText(error: Error): string {
  return error instanceof EnvironmentError ? say(en, error.fault) : error.message;
}
