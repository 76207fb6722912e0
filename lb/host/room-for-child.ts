import { closeSync, openSync } from 'node:fs';

/** Both ends of three pipes, and of one more on which the start is reported. */
const FILES = 8;

/**
 * To be asked before a program is started: where Node runs out of files halfway, it does not close the pipes that it has
 * made by then, so that after a few attempts no program could ever be started again.
 * @throws {NodeJS.ErrnoException} EMFILE or ENFILE when this process cannot open enough files
 */
export function demandRoomForChild(): void {
  const open: number[] = [];
  try {
    while (open.length < FILES) open.push(openSync('/dev/null', 'r'));
  } finally {
    open.forEach((file) => closeSync(file));
  }
}
