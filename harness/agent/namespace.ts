import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from './programs/agent-error.ts';
import { bridgeAge, conntrackSysctls, sysctlsOf } from './node-sysctls.ts';
import {
  bridgesOf,
  ipChangeCommands,
  ipCommands,
  ipUndoCommands,
  linkUpCommands,
  neighbourCommands,
  ruleCommands,
} from './ip-commands.ts';
import { tablesOf, tracksConnections } from './node-tables.ts';
import { ONE_SEGMENT_PER_FRAME } from './one-segment.ts';
import { ipBatch, ipTolerantBatch, program } from './programs/program.ts';
import { DEFAULT_MTU } from '../scenario/lookup.ts';
import type { AgentFault } from '../terms/fault.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import type { NodePlan } from '../terms/plan.ts';
import type { WiredInterface } from './protocol.ts';
import { quietSysctls, trunkCommands, untaggedRules } from './trunk.ts';
import { leftoverTunnels } from './tunnels.ts';

interface LinkJson {
  ifname: string;
  addr_info?: { local: string }[];
}

/** Without a group that may open ping sockets, ping(8) uses raw ones: for a ping socket, a redirect is an error (ping_err). */
const NO_GROUP = '1\t0';

/**
 * Gives every interface its name and MAC in the lab, and removes the engine's addresses, routes and rules. The numbers of ethN
 * are arbitrary, so interfaces are identified by their throwaway address.
 */
export async function wire(interfaces: WiredInterface[]): Promise<void> {
  const links = JSON.parse(await program(['ip', '-j', 'addr'])) as LinkJson[];
  const lines: string[] = [];
  const withIpv6 = ['all', 'default', 'lo'];
  for (const { wireAddress, name, mac, carries } of interfaces) {
    const link = links.find((l) => l.addr_info?.some((a) => a.local === wireAddress));
    if (!link) throw new AgentError({ code: 'interface-missing', params: { address: wireAddress } });
    withIpv6.push(link.ifname);
    lines.push(
      `link set dev ${link.ifname} down`,
      `link set dev ${link.ifname} name ${name}`,
      `link set dev ${name} address ${mac} mtu ${carries ? LARGEST_MTU : DEFAULT_MTU} ${ONE_SEGMENT_PER_FRAME}`,
      `addr flush dev ${name}`,
      `link set dev ${name} up`,
    );
  }
  // Each interface separately: if `all` already has the value, writing it does not change interfaces that the engine
  // has enabled.
  writeSysctls(Object.fromEntries(withIpv6.map((scope) => [`net/ipv6/conf/${scope}/disable_ipv6`, '1'])));
  writeSysctls({ 'net/ipv4/ping_group_range': NO_GROUP });
  await ipBatch([...lines, 'route flush table main', ...trunkCommands(interfaces)]);
  await deleteEngineTables();
  await makeTables([untaggedRules(interfaces)].filter((rules) => rules !== ''));
}

/**
 * Deletes the engine's rules for its DNS server, which no node uses. They translate addresses, so every node would track
 * connections, and send no ICMP redirect about the first packet of one (nf_nat_icmp_reply_translation).
 */
async function deleteEngineTables(): Promise<void> {
  const tables = (await nftTables()).split('\n').map((line) => line.replace('table ', ''));
  await deleteTables(tables.filter((name) => name !== '' && !name.includes('l4lab')));
}

/** What `configure` changed, so that it can be undone. */
export interface Applied {
  node: NodePlan;
  /** Lower devices of trunks, which are not in plans. */
  lowerDevices: string[];
  /** Previous values. */
  sysctls: [string, string][];
}

/**
 * Configures a wired namespace according to the plan.
 * @param lowerDevices lower devices of trunks, which are not in plans
 */
export async function apply(node: NodePlan, lowerDevices: string[]): Promise<Applied> {
  const applied: Applied = { node, lowerDevices, sysctls: [] };
  // With multicast snooping a bridge joins a group itself, and announces this for a second
  // (br_multicast_join_snoopers).
  const bridges = bridgesOf(node).map(
    (name) => `link add ${name} type bridge mcast_snooping 0 ${bridgeAge(node.macAgeMs)}`,
  );
  if (bridges.length > 0) await ipBatch(bridges);
  applied.sysctls = writeSysctls(sysctlsOf(node));
  writeSysctls(quietSysctls(lowerDevices));
  if (node.bridge) await disableBridgeFiltering();
  await ipBatch(ipCommands(node));
  await ipBatch(ruleCommands('add', node, 6), 6);
  await makeTables(Object.values(tablesOf(node, lowerDevices)));
  applied.sysctls.push(...writeSysctls(trackingSysctls(node)));
  return applied;
}

async function makeTables(rules: string[]): Promise<void> {
  if (rules.length > 0) await program(['nft', '-f', '-'], rules.join(''));
}

/** Ignores missing tables. */
async function deleteTables(names: string[]): Promise<void> {
  await makeTables(names.map((name) => `add table ${name}\ndelete table ${name}\n`));
}

/** Available in the kernel only once a rule tracks connections. */
function trackingSysctls(node: NodePlan): Record<string, string> {
  return tracksConnections(node) ? conntrackSysctls(node) : {};
}

/**
 * Changes to another plan, touching only what differs; wires stay as they are.
 * @param isUp whether an interface is up now
 */
export async function change(
  { node: from, lowerDevices, sysctls }: Applied,
  to: NodePlan,
  isUp: (dev: string) => boolean,
): Promise<Applied> {
  const settings = sysctlsOf(to);
  const wanted = { ...settings, ...trackingSysctls(to) };
  const kept = sysctls.filter(([path]) => path in wanted);
  const former = new Set(kept.map(([path]) => path));
  const write = (values: Record<string, string>): [string, string][] =>
    writeSysctls(values).filter(([path]) => !former.has(path));
  kept.push(...write(settings));
  const { gone, come } = ipChangeCommands(from, to, isUp);
  if (from.macAgeMs !== to.macAgeMs)
    come.push(...bridgesOf(to).map((name) => `link set dev ${name} type bridge ${bridgeAge(to.macAgeMs)}`));
  if (gone.length > 0) await ipTolerantBatch(gone);
  await ipBatch(come);
  if (JSON.stringify(from.rules) !== JSON.stringify(to.rules)) {
    await ipBatch(ruleCommands('del', from, 6), 6);
    await ipBatch(ruleCommands('add', to, 6), 6);
  }
  // Only afterwards: without their hash policy, several next hops would send flows of one to the other.
  writeSysctls(Object.fromEntries(sysctls.filter(([path]) => !(path in wanted)).reverse()));
  const [before, after] = [tablesOf(from, lowerDevices), tablesOf(to, lowerDevices)];
  const differing = (one: Record<string, string>, other: Record<string, string>): string[] =>
    Object.keys(one).filter((name) => one[name] !== other[name]);
  await makeTables([
    ...differing(before, after).map((name) => `delete table ${name}\n`),
    ...differing(after, before).map((name) => after[name]!),
  ]);
  kept.push(...write(trackingSysctls(to)));
  return { node: to, lowerDevices, sysctls: kept };
}

/**
 * Announces an address on an interface by gratuitous ARP or unsolicited neighbour advertisement. The kernel announces
 * all addresses of an interface when its MAC is set, even to the same value; an address that the node does not have is
 * added for that moment.
 */
export async function announce(node: NodePlan, iface: string, address: string): Promise<void> {
  const { mac } = node.interfaces.find(({ name }) => name === iface)!;
  const isV6 = address.includes(':');
  const former = writeSysctls(
    isV6 ? { [`net/ipv6/conf/${iface}/ndisc_notify`]: '1' } : { [`net/ipv4/conf/${iface}/arp_notify`]: '1' },
  );
  const own = `${address}/${isV6 ? '128' : '32'} dev ${iface}`;
  const shown = await ipTolerantBatch([`addr show to ${address} dev ${iface}`]);
  const borrows = !shown.includes(` ${address}/`);
  try {
    await ipBatch([
      ...(borrows ? [`addr add ${own} ${isV6 ? 'nodad ' : ''}noprefixroute`] : []),
      `link set dev ${iface} address ${mac}`,
      ...(borrows ? [`addr del ${own}`] : []),
      ...neighbourCommands(node, (dev) => dev === iface),
    ]);
  } finally {
    writeSysctls(Object.fromEntries(former));
  }
}

/** Takes interfaces down, which removes their carrier, IPv6 addresses and routes. */
export async function linkDown(ifaces: string[]): Promise<void> {
  await ipBatch(ifaces.map((name) => `link set dev ${name} down`));
}

/**
 * Brings interfaces up with the plan's addresses and routes, and waits until they carry frames.
 * @param isUp whether an interface is up afterwards
 */
export async function linkUp(node: NodePlan, ifaces: string[], isUp: (dev: string) => boolean): Promise<void> {
  await ipBatch(linkUpCommands(node, ifaces, isUp));
  await untilUp(ifaces);
}

/**
 * Removes what killed programs have left: rules, addresses on `lo`, proxy entries, tunnels.
 * @param tables nft tables to keep
 */
export async function wipe(tables: string): Promise<void> {
  const deadline = Date.now() + CARRIER_DEADLINE_MS;
  // A child of a killed program may still make a last change.
  for (;;) {
    const left = (await nftTables()).split('\n').filter((line) => line !== '' && !tables.split('\n').includes(line));
    if (left.length === 0 || Date.now() > deadline) break;
    await deleteTables(left.map((line) => line.replace('table ', '')));
  }
  const proxies = (await ipTolerantBatch(['neigh show proxy']))
    .split('\n')
    .map((line) => line.replace(/ +proxy.*$/, ''));
  await ipTolerantBatch([
    ...proxies.filter((entry) => entry !== '').map((entry) => `neigh del proxy ${entry}`),
    'addr flush dev lo scope global',
    ...leftoverTunnels(await ipTolerantBatch(['link show']), await ipTolerantBatch(['rule show'])),
  ]);
  await ipTolerantBatch(leftoverTunnels('', await ipTolerantBatch(['rule show'], 6)), 6);
}

/**
 * Undoes `apply`.
 * @param tables nft tables from before `apply`
 * @param down interfaces taken down since, which come up again
 * @returns the fingerprint afterwards
 */
export async function undo(
  { node, lowerDevices, sysctls }: Applied,
  tables: string,
  down: string[] = [],
): Promise<string> {
  await ipBatch(ruleCommands('del', node, 6), 6);
  await deleteTables(Object.keys(tablesOf(node, lowerDevices)));
  writeSysctls(Object.fromEntries(sysctls.reverse().filter(([path]) => !path.includes('/br0/'))));
  const [seen] = await Promise.all([
    fingerprint({
      before: ['route flush table main', ...ipUndoCommands(node), ...down.map((name) => `link set dev ${name} up`)],
      ...(makesRules(node) ? {} : { tables }),
    }),
    forgetConnections(),
  ]);
  return seen;
}

const TRACKED = '/proc/sys/net/netfilter/nf_conntrack_count';

/** Forgets tracked connections: packets without ports, as those of tunnels, would continue them, without NAT. */
async function forgetConnections(): Promise<void> {
  const isTracking = existsSync(TRACKED) && readFileSync(TRACKED, 'utf8').trim() !== '0';
  if (isTracking) await program(['conntrack', '-F']);
}

/** Names of all nft tables. */
export function nftTables(): Promise<string> {
  return program(['nft', 'list', 'tables']);
}

/** Whether anything in this configuration creates rules. */
export function makesRules(node: NodePlan): boolean {
  return node.balancer !== null || Object.keys(tablesOf(node)).length > 0;
}

/**
 * Everything that could affect a flow, as text: equal texts mean equal namespaces. Its cost is mostly starting
 * processes.
 * @param given lines of ip(8) to run first in the same process, and the nft tables if known
 */
export async function fingerprint(given: { before?: string[]; tables?: string } = {}): Promise<string> {
  const parts = await Promise.all([interfacesAndRoutes(given.before ?? []), given.tables ?? nftTables()]);
  return parts.join('\n---\n').replace(/(valid|preferred)_lft \S+/g, '');
}

const CARRIER_DEADLINE_MS = 2000;
const CARRIER_POLL_MS = 5;

/** Waits for the carrier of links that just came up: the kernel reports it a moment later (linkwatch). */
async function interfacesAndRoutes(before: string[]): Promise<string> {
  const shown = ['link show', 'addr show', 'route show table all', 'rule show', 'neigh show'];
  const deadline = Date.now() + CARRIER_DEADLINE_MS;
  let output = await ipTolerantBatch([...before, ...shown]);
  while (lacksCarrier(output) && Date.now() < deadline) {
    await delay(CARRIER_POLL_MS);
    output = await ipTolerantBatch(shown);
  }
  return output;
}

/** Ignores interfaces whose peer in the same namespace is down (M-DOWN). */
function lacksCarrier(output: string): boolean {
  return output.split('\n').some((line) => line.includes('NO-CARRIER') && !line.includes('M-DOWN'));
}

/** Waits until the kernel considers interfaces up and forwards frames. */
async function untilUp(ifaces: string[]): Promise<void> {
  const deadline = Date.now() + CARRIER_DEADLINE_MS;
  const isUp = (name: string): boolean => !readFileSync(`/sys/class/net/${name}/operstate`, 'utf8').includes('down');
  while (!ifaces.every(isUp) && Date.now() < deadline) await delay(CARRIER_POLL_MS);
}

/**
 * Writes values that differ.
 * @returns path and previous value of each, in the order of writing
 */
export function writeSysctls(values: Record<string, string>): [string, string][] {
  const former: [string, string][] = [];
  for (const [path, value] of Object.entries(values)) {
    const file = join(sysctls(), path);
    try {
      // Synchronous: /proc never blocks, and awaiting each of a hundred values would cost more.
      const before = readFileSync(file, 'utf8').trim();
      if (before === value) continue;
      writeFileSync(file, value);
      former.push([path, before]);
    } catch (error) {
      throw new AgentError(sysctlFault(path, value, error as NodeJS.ErrnoException), { cause: error });
    }
  }
  return former;
}

function sysctlFault(path: string, value: string, { code, message }: NodeJS.ErrnoException): AgentFault {
  const setting = path.replaceAll('/', '.');
  if (code === 'ENOENT') return { code: 'sysctl-missing', params: { setting } };
  if (code === 'EACCES' || code === 'EPERM') return { code: 'sysctl-read-only', params: { setting } };
  if (code === 'EINVAL' || code === 'ERANGE') return { code: 'sysctl-value', params: { setting, value } };
  return { code: 'sysctl-failed', params: { setting: `${path}=${value}`, error: message } };
}

/** Path for writing settings: under Docker Compose /proc/sys is read-only, but a second mount of it is writable. */
function sysctls(): string {
  return process.env['L4LAB_SYSCTLS'] ?? '/proc/sys';
}

/** With br_netfilter, bridged frames pass iptables; a lab's switch must prevent this. */
async function disableBridgeFiltering(): Promise<void> {
  for (const name of ['iptables', 'ip6tables', 'arptables']) {
    await writeFile(join(sysctls(), `net/bridge/bridge-nf-call-${name}`), '0').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  }
}
