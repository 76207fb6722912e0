import { closeSync, openSync } from 'node:fs';

/** Both ends of three pipes, and of a fourth that reports whether the start succeeded. */
const FILES = 8;

/**
 * Call before starting a program: if Node runs out of file descriptors halfway, it leaks the pipes that it has opened, and
 * after a few attempts no program can be started any more.
 * @throws {NodeJS.ErrnoException} EMFILE or ENFILE when this process cannot open enough files
 */
export function requireDescriptorsForChild(): void {
  const open: number[] = [];
  try {
    while (open.length < FILES) open.push(openSync('/dev/null', 'r'));
  } finally {
    open.forEach((file) => closeSync(file));
  }
}
