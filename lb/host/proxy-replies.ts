import { writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { LbError } from '../terms/errors.ts';
import type { Holding } from '../terms/holding.ts';
import type { Sysctl } from './sysctl.ts';
import { fileOf, remedy, setSysctl, logRefusal } from './sysctl.ts';

/** A sysctl, its required value, the kernel's default, and the consequence if it cannot be set. */
interface Setting {
  sysctl: Sysctl;
  value: string;
  usual: string;
  /** Null if the kernel would not reply at all. */
  without: string | null;
}

/**
 * Makes the kernel reply to ARP and neighbour solicitations for VIPs immediately. By default it delays proxy replies by
 * up to 0.8 s (`proxy_delay`) so that the owner can reply first; here the owner must stay silent. IPv6 proxy replies
 * must be enabled (`proxy_ndp`). Previous values are added to `former`, by file. On interfaces in `left`, a process
 * that died has already set them: the kernel's default is the best guess for the previous value.
 * @throws {LbError} `sysctl-refused` if the kernel would not reply at all and the setting cannot be changed.
 */
export async function enableProxyReplies(
  holdings: Holding[],
  former: Map<string, string>,
  left: ReadonlySet<string>,
): Promise<void> {
  for (const { sysctl, value, usual, without } of holdings.flatMap(settingsFor)) {
    const file = fileOf(sysctl);
    if (former.has(file)) continue;
    const { changedFrom, holds } = await setSysctl(sysctl, value);
    if (holds && left.has(sysctl.dev)) former.set(file, usual);
    else if (changedFrom !== null) former.set(file, changedFrom);
    if (holds) continue;
    if (without !== null) logRefusal(sysctl, value, without);
    else
      throw new LbError(
        'sysctl-refused',
        `${sysctl.dev} must answer for VIPs that the host does not own, but /proc/sys is not writable: set ${remedy(sysctl, value)} before the start`,
      );
  }
}

function settingsFor({ kind, address, dev }: Holding): Setting[] {
  if (kind !== 'proxy-arp') return [];
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const delay: Setting = {
    sysctl: { family, folder: 'neigh', dev, name: 'proxy_delay' },
    value: '0',
    usual: '80',
    without: `replies to requests for ${address} may be delayed by up to 0.8 s`,
  };
  if (family === 'ipv4') return [delay];
  return [{ sysctl: { family, folder: 'conf', dev, name: 'proxy_ndp' }, value: '1', usual: '0', without: null }, delay];
}

/** Drops the settings of these holdings: they vanished with their interfaces. */
export function forget(holdings: Holding[], former: Map<string, string>): void {
  for (const { sysctl } of holdings.flatMap(settingsFor)) former.delete(fileOf(sysctl));
}

/** Renames interfaces; `names` maps old names to new ones. */
export function rename(names: ReadonlyMap<string, string>, former: Map<string, string>): void {
  const entries = [...former];
  former.clear();
  for (const [file, value] of entries) {
    const dev = basename(dirname(file));
    former.set(join(dirname(file), '..', names.get(dev) ?? dev, basename(file)), value);
  }
}

/** Undoes `enableProxyReplies`; ignores interfaces that no longer exist. */
export async function restoreSettings(former: Map<string, string>): Promise<void> {
  await Promise.all([...former].map(([file, value]) => writeFile(file, value).catch(() => undefined)));
  former.clear();
}
