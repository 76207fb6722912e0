import { readFile, writeFile } from 'node:fs/promises';
import { log } from '../terms/log.ts';

/** A kernel setting of one interface. */
export interface Sysctl {
  family: 'ipv4' | 'ipv6';
  /** Settings in `conf` also apply to an interface if `all` has them; those in `neigh` do not. */
  folder: 'conf' | 'neigh';
  dev: string;
  name: string;
}

/** Result: the previous value if it was changed, and whether the setting is in effect now. */
interface Outcome {
  changedFrom: string | null;
  holds: boolean;
}

/** Errors of a /proc/sys that is mounted read-only or protected by a security module. */
const REFUSALS = new Set(['EROFS', 'EACCES', 'EPERM']);

/** @returns its file: below /proc/sys, or below a container's writable mount of it */
export function fileOf({ family, folder, dev, name }: Sysctl): string {
  return `${process.env['L4LAB_SYSCTLS'] ?? '/proc/sys'}/net/${family}/${folder}/${dev}/${name}`;
}

/** Changes a setting of an interface if needed. A container may lack the permission but have the value already. */
export async function setSysctl(sysctl: Sysctl, value: string): Promise<Outcome> {
  const file = fileOf(sysctl);
  const former = (await readFile(file, 'utf8')).trim();
  if (former === value) return { changedFrom: null, holds: true };
  try {
    await writeFile(file, value);
    return { changedFrom: former, holds: true };
  } catch (error) {
    if (!REFUSALS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { changedFrom: null, holds: sysctl.folder === 'conf' && (await holdsForAll(sysctl, value)) };
  }
}

async function holdsForAll(sysctl: Sysctl, value: string): Promise<boolean> {
  return (await readFile(fileOf({ ...sysctl, dev: 'all' }), 'utf8')).trim() === value;
}

/** Name for sysctl(8), which replaces dots in an interface's name with slashes. */
function sysctlName({ family, folder, dev, name }: Sysctl): string {
  return ['net', family, folder, dev.replaceAll('.', '/'), name].join('.');
}

/** The setting to make before starting the load balancer, as `NAME=VALUE`. */
export function remedy(sysctl: Sysctl, value: string): string {
  return `${sysctlName(sysctl.folder === 'conf' ? { ...sysctl, dev: 'all' } : sysctl)}=${value}`;
}

const logged = new Set<string>();

/** Logs once that a setting is missing, and the consequence. */
export function logRefusal(sysctl: Sysctl, value: string, consequence: string): void {
  const name = sysctlName(sysctl);
  if (logged.has(name)) return;
  logged.add(name);
  const message = `/proc/sys is not writable: ${consequence}; set ${remedy(sysctl, value)} before the start`;
  log({ event: 'sysctl-refused', sysctl: name, value, message });
}
