// @ts-check
import { readFileSync } from 'node:fs';

/**
 * Names a process for good: its id together with the time it started, which a later process of the same id does not share.
 * @param {number} pid
 */
export const ownerOf = (pid) => `${pid} ${startTime(pid)}`;

/**
 * Whether the process that `ownerOf` named still runs.
 * @param {string} owner
 */
export function isAlive(owner) {
  const pid = parseInt(owner);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return false;
  }
  return ownerOf(pid) === owner;
}

/**
 * In the kernel's clock ticks (proc(5), /proc/PID/stat). "dead" for a process that was killed while nobody waits for it,
 * "-" where there is no /proc.
 * @param {number} pid
 */
function startTime(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '-';
  }
  // The second field, the program's name, may hold blanks and brackets itself; the state is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'dead' : fields[19];
}
