// @ts-check
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `work` while no other process does, across all clones on this machine. A process that was killed does not hold
 * the lock: its owner is the process id together with the time the process started, and both must still be true.
 * @template T
 * @param {string} path the lock file
 * @param {(line: string) => void} say hears once that somebody else is at work
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, say, work) {
  const me = `${process.pid} ${startTime(process.pid)}`;
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, me);
  try {
    let told = false;
    for (;;) {
      const holder = take(path, mine);
      if (holder === undefined) break;
      if (!told) say(`waiting for another set-up (process ${holder.split(' ')[0]}) to end`);
      told = true;
      await delay(100);
    }
    try {
      return await work();
    } finally {
      if (read(path) === me) rmSync(path, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * Tries to take the lock: a link either appears with its owner's name in it, or not at all.
 * @param {string} path
 * @param {string} mine
 * @returns {string | undefined} the living owner, or undefined when the lock is ours
 */
function take(path, mine) {
  for (;;) {
    try {
      linkSync(mine, path);
      return undefined;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = read(path);
    if (holder !== undefined && isAlive(holder)) return holder;
    if (holder !== undefined) putAside(path, `${mine}.dead`, holder);
  }
}

/**
 * Removes a dead owner's lock. Renaming is atomic, so one of several waiters gets it; should the lock have changed
 * hands since it was read, it is given back.
 * @param {string} path
 * @param {string} aside
 * @param {string} deadOwner
 */
function putAside(path, aside, deadOwner) {
  try {
    renameSync(path, aside);
    if (read(aside) !== deadOwner) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {string} owner */
function isAlive(owner) {
  const [pid, started] = owner.split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  return startTime(Number(pid)) === started;
}

/**
 * When a process started, in the kernel's clock ticks (field 22 of /proc/PID/stat, proc(5)): a number that a later
 * process of the same id does not share. "-" where there is no /proc.
 * @param {number} pid
 */
function startTime(pid) {
  const stat = read(`/proc/${pid}/stat`);
  // The second field, the program's name, may hold blanks and brackets itself.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
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

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
