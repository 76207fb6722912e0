// @ts-check
import { appendFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, ownerOf } from './process-owner.mjs';

/** The lock of setup. Machine-wide, because clones share the engine and its images. */
export const SETUP_LOCK = join(tmpdir(), `l4lab-setup-${userInfo().uid}.lock`);

/**
 * Runs `work` while no other process does, across all clones on this machine. A process that was killed does not hold
 * the lock: an owner is a process id together with the time the process started, and both must still be true. A
 * program that would outlive its killed parent is made an owner too, by `share` with its process id.
 * @template T
 * @param {string} path the lock file
 * @param {(line: string) => void} say called once if another process holds the lock
 * @param {(share: (pid: number) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, say, work) {
  await acquire(path, say);
  try {
    return await work((pid) => appendFileSync(path, `${ownerOf(pid)}\n`));
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {(line: string) => void} say
 */
async function acquire(path, say) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${ownerOf(process.pid)}\n`);
  try {
    let reported = false;
    for (;;) {
      const holder = take(path, mine);
      if (holder === undefined) return;
      if (!reported) say(`waiting for another setup (process ${holder}) to finish`);
      reported = true;
      await delay(100);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * Tries to take the lock: a link either appears with its owner's name in it, or not at all.
 * @param {string} path
 * @param {string} mine
 * @returns {number | undefined} the process that holds it, or undefined when the lock is ours
 */
function take(path, mine) {
  for (;;) {
    try {
      linkSync(mine, path);
      return undefined;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const owners = read(path);
    if (owners === undefined) continue;
    const living = owners.split('\n').find(isAlive);
    if (living !== undefined) return parseInt(living);
    putAside(path, `${mine}.dead`, owners);
  }
}

/**
 * Removes a lock whose owners are dead. Renaming is atomic, so one of several waiters gets it; should the lock have changed
 * hands since it was read, it is given back.
 * @param {string} path
 * @param {string} aside
 * @param {string} deadOwners
 */
function putAside(path, aside, deadOwners) {
  try {
    renameSync(path, aside);
    if (read(aside) !== deadOwners) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/**
 * Under jest, Node's own errors belong to another realm, and are not `instanceof Error`.
 * @param {unknown} error
 */
function codeOf(error) {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
