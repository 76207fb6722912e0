import { writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { HostInterface } from '../facts/facts.ts';
import type { Holding } from '../terms/holding.ts';
import { holdingCommand, hostPrefix } from './holdings.ts';
import { listNeighbours } from './neighbours.ts';
import { run } from './run.ts';
import type { Sysctl } from './sysctl.ts';
import { fileOf, setSysctl, logRefusal } from './sysctl.ts';

/**
 * Announces addresses to neighbours by gratuitous ARP and unsolicited neighbour advertisements. The kernel sends them
 * for all addresses of an interface when its MAC is set, even to the same value (sysctls arp_notify and ndisc_notify),
 * so no packet has to be built here. Setting the MAC also clears the interface's neighbour table: permanent entries are
 * restored, the others are resolved again. If these sysctls cannot be set, neighbours learn the addresses when they
 * ask.
 * @param before holdings before the change
 */
export async function announce(holdings: Holding[], interfaces: HostInterface[], before: Holding[]): Promise<void> {
  // Interfaces without a MAC have no neighbours.
  const ethernet = interfaces.filter(({ mac }) => mac !== '');
  const notices = noticesFor(
    holdings.filter(
      ({ kind, dev }) => ['address', 'proxy-arp'].includes(kind) && ethernet.some(({ name }) => name === dev),
    ),
  );
  const set = await Promise.all(notices.map(async (notice) => ({ notice, ...(await switchOn(notice)) })));
  try {
    const announced = set.flatMap(({ notice, holds }) => (holds ? notice.holdings : []));
    const devices = ethernet.filter(({ name }) => announced.some(({ dev }) => dev === name));
    if (devices.length > 0) await setMacs(devices, announced, before);
  } finally {
    const changed = set.flatMap(({ notice, changedFrom }) => (changedFrom === null ? [] : [{ notice, changedFrom }]));
    await Promise.all(changed.map(({ notice, changedFrom }) => writeFile(fileOf(notice.sysctl), changedFrom)));
  }
}

/** The sysctl that makes the kernel announce addresses of one family on an interface. */
interface Notice {
  sysctl: Sysctl;
  holdings: Holding[];
}

function noticesFor(holdings: Holding[]): Notice[] {
  const notices = new Map<string, Notice>();
  for (const holding of holdings) {
    const [family, name] = isIPv6(holding.address)
      ? (['ipv6', 'ndisc_notify'] as const)
      : (['ipv4', 'arp_notify'] as const);
    const sysctl: Sysctl = { family, folder: 'conf', dev: holding.dev, name };
    const notice = notices.get(fileOf(sysctl)) ?? { sysctl, holdings: [] };
    notice.holdings.push(holding);
    notices.set(fileOf(sysctl), notice);
  }
  return [...notices.values()];
}

async function switchOn({ sysctl, holdings }: Notice): ReturnType<typeof setSysctl> {
  const outcome = await setSysctl(sysctl, '1');
  if (!outcome.holds) {
    const addresses = [...new Set(holdings.map(({ address }) => address))].join(', ');
    logRefusal(sysctl, '1', `${addresses} could not be announced, so neighbours learn of it only when they ask`);
  }
  return outcome;
}

async function setMacs(devices: HostInterface[], announced: Holding[], before: Holding[]): Promise<void> {
  const owned = new Set(before.filter(({ kind }) => kind === 'address').map(({ address }) => address));
  const borrowed = announced.filter(({ kind, address }) => kind === 'proxy-arp' && !owned.has(address));
  const permanent = await listNeighbours('nud', 'permanent');
  const lost = permanent.filter(({ dev, lladdr }) => lladdr && devices.some(({ name }) => name === dev));
  const batch = [
    ...borrowed.map((holding) => borrow('add', holding)),
    ...devices.map(({ name, mac }) => `link set dev ${name} address ${mac}`),
    ...lost.map(({ dst, lladdr, dev }) => `neigh replace ${dst} lladdr ${lladdr} dev ${dev} nud permanent`),
    ...borrowed.flatMap((holding) => [borrow('del', holding), ...rejoin(holding)]),
  ];
  await run('ip-failed', 'ip', ['-batch', '-'], batch.map((line) => `${line}\n`).join(''));
}

/**
 * Removing an address before the kernel has completed it also leaves the multicast group that the proxy entry needs.
 */
function rejoin(holding: Holding): string[] {
  return [holdingCommand('del', holding), holdingCommand('add', holding)];
}

/**
 * An address with only a proxy ARP entry must belong to the interface while it is announced. If the process dies
 * meanwhile, the kernel removes it after a second.
 */
function borrow(verb: 'add' | 'del', { address, dev }: Holding): string {
  if (verb === 'del') return `addr del ${hostPrefix(address)} dev ${dev}`;
  const nodad = isIPv6(address) ? ' nodad' : '';
  return `addr add ${hostPrefix(address)} dev ${dev}${nodad} noprefixroute valid_lft 1 preferred_lft 0`;
}
