import { readFile, writeFile } from 'node:fs/promises';
import { log } from '../terms/log.ts';

/** A kernel setting of one interface. */
export interface Sysctl {
  family: 'ipv4' | 'ipv6';
  /** Settings in `conf` hold for an interface also where `all` has them; those in `neigh` do not. */
  folder: 'conf' | 'neigh';
  dev: string;
  name: string;
}

/** What came of it: the value before, where it was changed; whether the kernel has it now. */
interface Outcome {
  changedFrom: string | null;
  holds: boolean;
}

/** Errors of a /proc/sys that is mounted read-only, or kept by a security module. */
const REFUSALS = new Set(['EROFS', 'EACCES', 'EPERM']);

/** @returns its file: below /proc/sys, or where a container has a mount of that which can be written */
export function fileOf({ family, folder, dev, name }: Sysctl): string {
  return `${process.env['L4LAB_SYSCTLS'] ?? '/proc/sys'}/net/${family}/${folder}/${dev}/${name}`;
}

/** Gives an interface a setting that it has not got yet; a container may not be allowed to, but may have it already. */
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

/** As sysctl(8) writes it: dots of an interface's name become slashes. */
function sysctlName({ family, folder, dev, name }: Sysctl): string {
  return ['net', family, folder, dev.replaceAll('.', '/'), name].join('.');
}

/** What whoever starts the load balancer is to set before, as `NAME=VALUE`. */
export function remedy(sysctl: Sysctl, value: string): string {
  return `${sysctlName(sysctl.folder === 'conf' ? { ...sysctl, dev: 'all' } : sysctl)}=${value}`;
}

const logged = new Set<string>();

/** Says once that a setting is missing, and what that means. */
export function logRefusal(sysctl: Sysctl, value: string, consequence: string): void {
  const name = sysctlName(sysctl);
  if (logged.has(name)) return;
  logged.add(name);
  const message = `/proc/sys cannot be written: ${consequence}; set ${remedy(sysctl, value)} before the start`;
  log({ event: 'sysctl-refused', sysctl: name, value, message });
}
