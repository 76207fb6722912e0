import type { Command } from 'commander';
import type { Project } from '../../harness/project/project.ts';

/** What a subcommand registers itself with, and what its work gets. */
export interface CommandLine {
  program: Command;
  /** `--root`. */
  root: () => string | undefined;
  /** Does the work of a command, which gives the exit code. */
  run: (work: Promise<number>) => Promise<void>;
  /** The same for commands that work on a project. */
  inProject: (work: (project: Project) => Promise<number>, how?: Handling) => Promise<void>;
  /** Aborted when the user stops the command. */
  signal: AbortSignal;
}

/** How a command differs from one that boots labs, writes something and ends. */
export interface Handling {
  /** It makes the project's folders. */
  makes?: boolean;
  /** It has booted nothing, and has something running in a node that it must end whenever it ends. */
  endsInNode?: boolean;
  /** It has no other end than the user's wish, so that without a reader it is over. */
  endsWithReader?: boolean;
}

/** Collects an option that may be repeated, or name several with commas. */
export function collect(value: string, all: string[]): string[] {
  return [...all, ...value.split(',')];
}
