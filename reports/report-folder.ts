import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { L4labError } from '../harness/errors.ts';

/** Minimum free space for a report. */
const PROBE_BYTES = 65_536;

/**
 * Creates a report's folder and writes a file into it, so that a problem is found before the run and not after it.
 * @throws L4labError `report-unwritable`
 */
export async function tryReportFolder(dir: string): Promise<void> {
  const probe = path.join(dir, `.l4lab-${process.pid}`);
  try {
    await makeFolder(dir);
    await writeFile(probe, Buffer.alloc(PROBE_BYTES));
  } catch (error) {
    throw unwritable(dir, error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** Creates a folder and its parents. Node's `recursive` never returns if a parent accepts no folder, as in /proc. */
async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = path.dirname(dir);
    if (code === 'EEXIST' && (await stat(dir)).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    await makeFolder(parent);
    await mkdir(dir);
  }
}

/** @throws errors that do not come from the file system */
export function unwritable(dir: string, error: unknown): L4labError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return new L4labError('report-unwritable', `no report can be written to ${dir}: ${WHY[code] ?? message}`, {
    cause: error,
  });
}

const WHY: Partial<Record<string, string>> = {
  EEXIST: 'it is a file; name a folder',
  ENOENT: 'no folder can be created there',
  ENOTDIR: 'a part of the path is a file; name a folder',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left there',
  EDQUOT: 'your quota is used up there',
};
