import { readFile, writeFile } from 'node:fs/promises';
import type { HostInterface } from './facts.ts';
import { run } from './run.ts';

/**
 * Tells neighbours at once that an interface has new addresses: gratuitous ARP and unsolicited neighbour advertisements.
 * The kernel sends them when an interface's MAC is set, be it to what it is (sysctls arp_notify and ndisc_notify); no
 * packet has to be made by hand. The interface's neighbour entries are resolved anew after that.
 */
export async function announce(interfaces: HostInterface[]): Promise<void> {
  if (interfaces.length === 0) return;
  const files = interfaces.flatMap(({ name }) => [
    `/proc/sys/net/ipv4/conf/${name}/arp_notify`,
    `/proc/sys/net/ipv6/conf/${name}/ndisc_notify`,
  ]);
  const former = await Promise.all(
    files.map(async (file) => [file, await readFile(file, 'utf8').catch(() => null)] as const),
  );
  const present = former.flatMap(([file, value]) => (value === null ? [] : [{ file, value }]));
  await Promise.all(present.map(({ file }) => writeFile(file, '1')));
  const batch = interfaces.map(({ name, mac }) => `link set dev ${name} address ${mac}\n`);
  try {
    await run('ip-failed', 'ip', ['-batch', '-'], batch.join(''));
  } finally {
    await Promise.all(present.map(({ file, value }) => writeFile(file, value)));
  }
}
