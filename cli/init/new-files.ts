import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { L4labError } from '../../harness/errors.ts';

/** A file to create, with its description. */
export interface NewFile {
  path: string;
  text: string;
  what: string;
}

/** Text of a file; null if it does not exist. @throws L4labError `folder-unwritable` if it cannot be read */
export function textOf(path: string): string | null {
  return existsSync(path) ? orRefused(path, () => readFileSync(path, 'utf8')) : null;
}

/**
 * Writes files that do not exist yet.
 * @returns the written ones
 * @throws L4labError `folder-unwritable`
 */
export function writeNew(files: NewFile[]): NewFile[] {
  return files.filter(({ path, text }) =>
    orRefused(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      try {
        writeFileSync(path, text, { flag: 'wx' });
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
    }),
  );
}

/** Replaces a file that was read before. @throws L4labError `folder-unwritable` */
export function rewrite(path: string, text: string): void {
  orRefused(path, () => writeFileSync(path, text));
}

/** A file's path for messages. */
export function shown(path: string): string {
  return relative(process.cwd(), path);
}

function orRefused<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message } = error as Error;
    throw new L4labError('folder-unwritable', `${shown(path)} cannot be created: ${message}`, { cause: error });
  }
}
