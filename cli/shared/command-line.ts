import type { Command } from 'commander';
import type { Project } from '../../harness/project/project.ts';

/** Context for registering a subcommand, and for its work. */
export interface CommandLine {
  program: Command;
  /** `--root`. */
  root: () => string | undefined;
  /** Runs the work of a command, which returns the exit code. */
  run: (work: Promise<number>) => Promise<void>;
  /** The same for commands that work on a project. */
  inProject: (work: (project: Project) => Promise<number>, how?: Handling) => Promise<void>;
  /** Aborted when the user stops the command. */
  signal: AbortSignal;
}

/** How a command differs from one that boots labs, prints and exits. */
export interface Handling {
  /** It creates the project's folders. */
  makes?: boolean;
  /** It boots nothing, but runs a process in a node that must be ended with it. */
  endsInNode?: boolean;
  /** It only ends when interrupted, so it also ends when nobody reads its output. */
  endsWithReader?: boolean;
}

/** Collects an option that may be repeated, or name several with commas. */
export function collect(value: string, all: string[]): string[] {
  return [...all, ...value.split(',')];
}
