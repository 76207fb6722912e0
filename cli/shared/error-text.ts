import { EnvironmentError } from '../../harness/errors.ts';
import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';

/** What the command line says of an error. */
export function errorText(error: Error): string {
  return error instanceof EnvironmentError ? say(en, error.fault) : error.message;
}
