// @ts-check
import { readFileSync } from 'node:fs';

/**
 * Unique identity of a process: its id and its start time, since ids are reused.
 * @param {number} pid
 */
export const ownerOf = (pid) => `${pid} ${startTime(pid)}`;

/**
 * Whether the process identified by `ownerOf` still runs.
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
 * In the kernel's clock ticks (proc(5), /proc/PID/stat). "dead" for a zombie, "-" without /proc.
 * @param {number} pid
 */
function startTime(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '-';
  }
  // The second field, the program's name, may contain spaces and brackets; the state is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'dead' : fields[19];
}
