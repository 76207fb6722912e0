import { writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { LbError } from '../terms/errors.ts';
import type { Holding } from '../terms/holding.ts';
import type { Sysctl } from './sysctl.ts';
import { fileOf, remedy, setSysctl, logRefusal } from './sysctl.ts';

/** A sysctl that should have a value, the kernel's own default, and what is not so without it. */
interface Setting {
  sysctl: Sysctl;
  value: string;
  usual: string;
  /** Null where nothing would be answered at all. */
  without: string | null;
}

/**
 * Makes the kernel answer ARP and neighbour solicitations for others, and at once: it holds such an answer back by up
 * to 0.8 s (`proxy_delay`), so that the owner may answer first, who is meant to stay silent here. IPv6 must be told to
 * answer at all (`proxy_ndp`). Former values go to `former`, by file. On interfaces in `left` a process that died has set
 * them already: the kernel's default is the best guess at what was there.
 * @throws {LbError} `sysctl-refused` where the kernel would not answer at all, and cannot be told to.
 */
export async function answerAtOnce(
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
        `${sysctl.dev} must answer for VIPs that the host does not own, but /proc/sys cannot be written: set ${remedy(sysctl, value)} before the start`,
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

/** What was set for these went with their interfaces. */
export function forget(holdings: Holding[], former: Map<string, string>): void {
  for (const { sysctl } of holdings.flatMap(settingsFor)) former.delete(fileOf(sysctl));
}

/** Interfaces have got other names, by their former ones. */
export function rename(names: ReadonlyMap<string, string>, former: Map<string, string>): void {
  const entries = [...former];
  former.clear();
  for (const [file, value] of entries) {
    const dev = basename(dirname(file));
    former.set(join(dirname(file), '..', names.get(dev) ?? dev, basename(file)), value);
  }
}

/** Undoes `answerAtOnce`; an interface that is gone needs nothing. */
export async function putBack(former: Map<string, string>): Promise<void> {
  await Promise.all([...former].map(([file, value]) => writeFile(file, value).catch(() => undefined)));
  former.clear();
}
