import { readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { Holding } from './holdings.ts';

/** A sysctl that must have a value, and the file that tells what it was before, should a crash have lost that. */
interface Setting {
  file: string;
  value: string;
  fallback: string;
}

/**
 * Makes the kernel answer ARP and neighbour solicitations for others, and at once: it holds such an answer back by up
 * to 0.8 s (`proxy_delay`), so that the owner may answer first, who is meant to stay silent here. IPv6 must be told to
 * answer at all (`proxy_ndp`). Former values go to `former`, by file.
 */
export async function answerAtOnce(holdings: Holding[], former: Map<string, string>): Promise<void> {
  for (const { file, value, fallback } of holdings.flatMap(settingsFor)) {
    if (former.has(file)) continue;
    const before = await readFile(file, 'utf8');
    // A process that died has set it already: the default is the best guess at what was there.
    former.set(file, before.trim() === value ? await readFile(fallback, 'utf8') : before);
    await writeFile(file, value);
  }
}

function settingsFor({ kind, address, dev }: Holding): Setting[] {
  if (kind !== 'proxy-arp') return [];
  const setting = (folder: string, name: string, value: string) => ({
    file: `/proc/sys/net/${folder}/${dev}/${name}`,
    value,
    fallback: `/proc/sys/net/${folder}/default/${name}`,
  });
  if (!isIPv6(address)) return [setting('ipv4/neigh', 'proxy_delay', '0')];
  return [setting('ipv6/neigh', 'proxy_delay', '0'), setting('ipv6/conf', 'proxy_ndp', '1')];
}

/** Undoes `answerAtOnce`; an interface that is gone needs nothing. */
export async function putBack(former: Map<string, string>): Promise<void> {
  await Promise.all([...former].map(([file, value]) => writeFile(file, value).catch(() => undefined)));
  former.clear();
}
