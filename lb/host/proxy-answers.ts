import { readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Holding } from './holdings.ts';

/** A sysctl that must have a value, and the kernel's own default. */
interface Setting {
  dev: string;
  file: string;
  value: string;
  usual: string;
}

/**
 * Makes the kernel answer ARP and neighbour solicitations for others, and at once: it holds such an answer back by up
 * to 0.8 s (`proxy_delay`), so that the owner may answer first, who is meant to stay silent here. IPv6 must be told to
 * answer at all (`proxy_ndp`). Former values go to `former`, by file. On interfaces in `left` a process that died has set
 * them already: the kernel's default is the best guess at what was there.
 */
export async function answerAtOnce(
  holdings: Holding[],
  former: Map<string, string>,
  left: ReadonlySet<string>,
): Promise<void> {
  for (const { dev, file, value, usual } of holdings.flatMap(settingsFor)) {
    if (former.has(file)) continue;
    former.set(file, left.has(dev) ? usual : await readFile(file, 'utf8'));
    await writeFile(file, value);
  }
}

function settingsFor({ kind, address, dev }: Holding): Setting[] {
  if (kind !== 'proxy-arp') return [];
  const setting = (folder: string, name: string, value: string, usual: string) => ({
    dev,
    file: `/proc/sys/net/${folder}/${dev}/${name}`,
    value,
    usual,
  });
  if (!isIPv6(address)) return [setting('ipv4/neigh', 'proxy_delay', '0', '80')];
  return [setting('ipv6/neigh', 'proxy_delay', '0', '80'), setting('ipv6/conf', 'proxy_ndp', '1', '0')];
}

/** What was set for these went with their interfaces. */
export function forget(holdings: Holding[], former: Map<string, string>): void {
  for (const { file } of holdings.flatMap(settingsFor)) former.delete(file);
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
