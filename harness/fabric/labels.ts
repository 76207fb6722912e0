import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** On everything that l4lab makes in Docker; its value is the lab's id. */
export const LAB_LABEL = 'l4lab.lab';
/** Who made it: `HOST PID START`, so that what a dead process left can be told from what a living one uses. */
export const OWNER_LABEL = 'l4lab.owner';
/** Name of the scenario of a lab that is meant to stay (`l4lab up`). */
export const KEPT_LABEL = 'l4lab.kept';

/** This process, as OWNER_LABEL names it. */
export function ownerLabel(): string {
  return `${hostname()} ${process.pid} ${startOf(process.pid) ?? ''}`;
}

/** Whether the process behind an owner label is certainly gone: it ran on this host, and does not any more. */
export function ownerIsGone(label: string): boolean {
  const [host, pid, start] = label.split(' ');
  if (host !== hostname()) return false;
  return startOf(Number(pid)) !== (start || null);
}

/** Start time of a process, which tells it from a later one with the same id (proc(5), field 22); null when there is none. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    try {
      process.kill(pid, 0);
      return '';
    } catch {
      return null;
    }
  }
}
