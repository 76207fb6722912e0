/**
 * The machine lacks something that labs need. The message says what is missing and how to fix it;
 * it is shown without a stack trace, and the process ends with `exitCode`.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly exitCode = 3;
}
