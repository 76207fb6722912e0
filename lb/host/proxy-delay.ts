import { readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { Holding } from './holdings.ts';

/**
 * The kernel holds back an ARP answer given for somebody else by up to 0.8 s (`proxy_delay`), so that the owner may
 * answer first. The owner is meant to stay silent here. Former values go to `former`, by file.
 */
export async function answerAtOnce(holdings: Holding[], former: Map<string, string>): Promise<void> {
  for (const { kind, address, dev } of holdings) {
    const folder = `/proc/sys/net/${isIPv6(address) ? 'ipv6' : 'ipv4'}/neigh`;
    const file = `${folder}/${dev}/proxy_delay`;
    if (kind !== 'proxy-arp' || former.has(file)) continue;
    const value = await readFile(file, 'utf8');
    // Zero was set by a process that died: the default is the best guess at what was there before.
    former.set(file, value.trim() === '0' ? await readFile(`${folder}/default/proxy_delay`, 'utf8') : value);
    await writeFile(file, '0');
  }
}

/** Undoes `answerAtOnce`; an interface that is gone needs nothing. */
export async function putBack(former: Map<string, string>): Promise<void> {
  await Promise.all([...former].map(([file, value]) => writeFile(file, value).catch(() => undefined)));
  former.clear();
}
