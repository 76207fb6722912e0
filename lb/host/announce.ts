import { readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { HostInterface } from './facts.ts';
import type { Holding } from './holdings.ts';
import { holdingCommand, hostPrefix } from './holdings.ts';
import { listNeighbours } from './neighbours.ts';
import { run } from './run.ts';

/**
 * Tells neighbours at once who has these addresses now: gratuitous ARP and unsolicited neighbour advertisements. The
 * kernel sends them for all addresses of an interface when its MAC is set, be it to what it is (sysctls arp_notify and
 * ndisc_notify); no packet has to be made by hand. It forgets the interface's neighbours then: those that somebody has
 * set are set again, the others resolved anew.
 * @param before what was held already
 */
export async function announce(holdings: Holding[], interfaces: HostInterface[], before: Holding[]): Promise<void> {
  const told = holdings.filter(({ kind, dev }) => kind !== 'route' && dev !== 'lo');
  const devices = interfaces.filter(({ name }) => told.some(({ dev }) => dev === name));
  if (devices.length === 0) return;
  const files = devices.flatMap(({ name }) => [
    `/proc/sys/net/ipv4/conf/${name}/arp_notify`,
    `/proc/sys/net/ipv6/conf/${name}/ndisc_notify`,
  ]);
  const former = await Promise.all(
    files.map(async (file) => [file, await readFile(file, 'utf8').catch(() => null)] as const),
  );
  const present = former.flatMap(([file, value]) => (value === null ? [] : [{ file, value }]));
  await Promise.all(present.map(({ file }) => writeFile(file, '1')));
  const owned = new Set(before.filter(({ kind }) => kind === 'address').map(({ address }) => address));
  const borrowed = told.filter(({ kind, address }) => kind === 'proxy-arp' && !owned.has(address));
  const permanent = await listNeighbours('nud', 'permanent');
  const lost = permanent.filter(({ dev, lladdr }) => lladdr && devices.some(({ name }) => name === dev));
  const batch = [
    ...borrowed.map((holding) => borrow('add', holding)),
    ...devices.map(({ name, mac }) => `link set dev ${name} address ${mac}`),
    ...lost.map(({ dst, lladdr, dev }) => `neigh replace ${dst} lladdr ${lladdr} dev ${dev} nud permanent`),
    ...borrowed.flatMap((holding) => [borrow('del', holding), ...rejoin(holding)]),
  ];
  try {
    await run('ip-failed', 'ip', ['-batch', '-'], batch.map((line) => `${line}\n`).join(''));
  } finally {
    await Promise.all(present.map(({ file, value }) => writeFile(file, value)));
  }
}

/** An address that goes before the kernel has set it up in full leaves a multicast group that the proxy entry needs. */
function rejoin(holding: Holding): string[] {
  return [holdingCommand('del', holding), holdingCommand('add', holding)];
}

/**
 * An address that is only answered for must be the interface's own while it is announced; should the process die
 * meanwhile, the kernel takes it away after a second.
 */
function borrow(verb: 'add' | 'del', { address, dev }: Holding): string {
  if (verb === 'del') return `addr del ${hostPrefix(address)} dev ${dev}`;
  const nodad = isIPv6(address) ? ' nodad' : '';
  return `addr add ${hostPrefix(address)} dev ${dev}${nodad} noprefixroute valid_lft 1 preferred_lft 0`;
}
