/**
 * The machine cannot give what a lab needs. The message says what is missing and the steps to mend it;
 * it is shown without a stack trace, and the process ends with `exitCode`.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly exitCode = 3;
}
