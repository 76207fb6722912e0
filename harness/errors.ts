import type { Fault } from './terms/fault.ts';

/** Exit codes of the command: see README. */
export const EXIT = { ok: 0, failed: 1, invalid: 2, unavailable: 3, interrupted: 130 } as const;

const CODES = {
  /** YAML or command line that cannot be understood. */
  'invalid-input': EXIT.invalid,
  /** No container engine answers, or it cannot do what a lab needs. */
  'engine-unavailable': EXIT.unavailable,
  /** A firewall of the engine's host keeps networks from being made, or drops what they carry. */
  'host-firewall': EXIT.unavailable,
  /** The lab image is not there. */
  'image-missing': EXIT.unavailable,
  /** A lab uses an address that the engine's host has itself. */
  'address-in-use': EXIT.unavailable,
  /** A node did not become ready, or died. */
  'node-failed': EXIT.unavailable,
  /** A node could not be configured as planned. */
  'configure-failed': EXIT.unavailable,
  /** The kernel was built without something that the load balancer needs. */
  'kernel-lacks': EXIT.unavailable,
  /** The load balancer did not come up. */
  'lb-failed': EXIT.unavailable,
  /** A virtual machine cannot be made, or does not come up. */
  'machine-failed': EXIT.unavailable,
  /** The user wants to stop. */
  interrupted: EXIT.interrupted,
  /** The report's folder cannot be written. */
  'report-unwritable': EXIT.unavailable,
  /** A file of the project cannot be read or written. */
  'folder-unwritable': EXIT.unavailable,
  /** Results of a part of the run are not there. */
  'shard-missing': EXIT.unavailable,
  /** Something did not happen within its deadline. */
  timeout: EXIT.unavailable,
} as const;

export type ErrorCode = keyof typeof CODES;

/** The one class of errors that l4lab throws on purpose; anything else is a bug and keeps its stack. */
export class L4labError extends Error {
  override readonly name = 'L4labError';
  readonly exitCode: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.exitCode = CODES[code];
  }
}

/** Something is wrong with engine, host or nodes. `fault` says what: reports/messages has the sentences, not `message`. */
export class EnvironmentError extends L4labError {
  constructor(
    code: ErrorCode,
    readonly fault: Fault,
    options?: { cause?: unknown },
  ) {
    super(code, JSON.stringify(fault), options);
  }
}

/** One mistake in a YAML file. Lines and columns count from 1. */
export interface Mistake {
  file: string;
  line: number;
  col: number;
  message: string;
}

/** All mistakes of one or more files at once: each reported once, in the order of their places. */
export class InputError extends L4labError {
  readonly mistakes: Mistake[];

  constructor(mistakes: Mistake[]) {
    const distinct = new Map(mistakes.map((mistake) => [oneLine(mistake), mistake]));
    super('invalid-input', [...distinct.values()].sort(byPlace).map(oneLine).join('\n'));
    this.mistakes = [...distinct.values()].sort(byPlace);
  }
}

function oneLine({ file, line, col, message }: Mistake): string {
  return `${file}:${line}:${col}: ${message}`;
}

function byPlace(a: Mistake, b: Mistake): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.col - b.col;
}
