import { readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { Holding } from './holdings.ts';

/**
 * The kernel holds back an ARP answer given for somebody else by up to 0.8 s (`proxy_delay`), so that the owner may
 * answer first. The owner is meant to stay silent here. Returns what puts the former values back.
 */
export async function answerAtOnce(holdings: Holding[]): Promise<() => Promise<void>> {
  const files = new Set(
    holdings.flatMap((holding) =>
      holding.kind === 'proxy-arp'
        ? [`/proc/sys/net/${isIPv6(holding.address) ? 'ipv6' : 'ipv4'}/neigh/${holding.dev}/proxy_delay`]
        : [],
    ),
  );
  const former = await Promise.all([...files].map(async (file) => [file, await readFile(file, 'utf8')] as const));
  await Promise.all(former.map(([file]) => writeFile(file, '0')));
  return async () => {
    await Promise.all(former.map(([file, value]) => writeFile(file, value)));
  };
}
