import { readFileSync, writeFileSync } from 'node:fs';
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
import { ONE_SEGMENT_A_FRAME } from './one-segment.ts';
import { ipBatch, ipTolerantBatch, program } from './programs/program.ts';
import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import type { NodePlan } from '../terms/plan.ts';
import type { WiredInterface } from './protocol.ts';
import { silence, trunkCommands, untaggedRules } from './trunk.ts';
import { leftTunnels } from './tunnels.ts';

interface LinkJson {
  ifname: string;
  addr_info?: { local: string }[];
}

/**
 * Gives every interface the name and MAC of the lab and takes away the engine's addresses and routes.
 * The order of ethN says nothing, so interfaces are found by their throwaway address.
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
      `link set dev ${name} address ${mac} mtu ${carries ? LARGEST_MTU : DEFAULT_MTU} ${ONE_SEGMENT_A_FRAME}`,
      `addr flush dev ${name}`,
      `link set dev ${name} up`,
    );
  }
  // Each by itself: where `all` says so already, writing it would change nothing for those that the engine switched on.
  writeSysctls(Object.fromEntries(withIpv6.map((scope) => [`net/ipv6/conf/${scope}/disable_ipv6`, '1'])));
  await ipBatch([...lines, 'route flush table main', ...trunkCommands(interfaces)]);
  await makeTables([untaggedRules(interfaces)].filter((rules) => rules !== ''));
}

/** What `configure` changed, so that it can be undone. */
export interface Applied {
  node: NodePlan;
  /** Devices beneath trunks, which no plan knows. */
  beneath: string[];
  /** Values before. */
  sysctls: [string, string][];
}

/** Brings a wired namespace to what the plan says. @param beneath devices beneath trunks, which no plan knows */
export async function apply(node: NodePlan, beneath: string[]): Promise<Applied> {
  const applied: Applied = { node, beneath, sysctls: [] };
  // One that snoops on multicast joins a group of its own, and says so for a second (br_multicast_join_snoopers).
  const bridges = bridgesOf(node).map(
    (name) => `link add ${name} type bridge mcast_snooping 0 ${bridgeAge(node.macAgeMs)}`,
  );
  if (bridges.length > 0) await ipBatch(bridges);
  applied.sysctls = writeSysctls(sysctlsOf(node));
  writeSysctls(silence(beneath));
  if (node.bridge) await disableBridgeFiltering();
  await ipBatch(ipCommands(node));
  await ipBatch(ruleCommands('add', node, 6), 6);
  await makeTables(Object.values(tablesOf(node, beneath)));
  applied.sysctls.push(...writeSysctls(trackingSysctls(node)));
  return applied;
}

async function makeTables(rules: string[]): Promise<void> {
  if (rules.length > 0) await program(['nft', '-f', '-'], rules.join(''));
}

/** Tables that are gone already are no error. */
async function deleteTables(names: string[]): Promise<void> {
  await makeTables(names.map((name) => `add table ${name}\ndelete table ${name}\n`));
}

/** The kernel has these once a rule tracks connections. */
function trackingSysctls(node: NodePlan): Record<string, string> {
  return tracksConnections(node) ? conntrackSysctls(node) : {};
}

/**
 * Goes from what is applied to another plan, touching only what differs; wires stay as they are.
 * @param isUp whether an interface is up now
 */
export async function change(
  { node: from, beneath, sysctls }: Applied,
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
  // Not before: several next hops without their hash policy would send flows of one to the other.
  writeSysctls(Object.fromEntries(sysctls.filter(([path]) => !(path in wanted)).reverse()));
  const [before, after] = [tablesOf(from, beneath), tablesOf(to, beneath)];
  const differing = (one: Record<string, string>, other: Record<string, string>): string[] =>
    Object.keys(one).filter((name) => one[name] !== other[name]);
  await makeTables([
    ...differing(before, after).map((name) => `delete table ${name}\n`),
    ...differing(after, before).map((name) => after[name]!),
  ]);
  kept.push(...write(trackingSysctls(to)));
  return { node: to, beneath, sysctls: kept };
}

/**
 * Says from an interface who has an address: a gratuitous ARP, or an unsolicited neighbour advertisement. The kernel says so
 * of all addresses of an interface whose MAC is set, be it to what it is; one that the node does not have is its own for
 * that moment.
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

/** Takes interfaces down: their carrier, addresses of IPv6 and routes are gone. */
export async function linkDown(ifaces: string[]): Promise<void> {
  await ipBatch(ifaces.map((name) => `link set dev ${name} down`));
}

/**
 * Brings interfaces up with the addresses and routes of the plan, and waits until they carry frames.
 * @param isUp whether an interface is up afterwards
 */
export async function linkUp(node: NodePlan, ifaces: string[], isUp: (dev: string) => boolean): Promise<void> {
  await ipBatch(linkUpCommands(node, ifaces, isUp));
  await untilUp(ifaces);
}

/**
 * Takes away what programs that were killed have left: rules, addresses on `lo`, proxy entries, tunnels.
 * @param tables those of nftables that stay
 */
export async function wipe(tables: string): Promise<void> {
  const deadline = Date.now() + CARRIER_DEADLINE_MS;
  // A program that was killed may have one that it had started make a last change.
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
    ...leftTunnels(await ipTolerantBatch(['link show']), await ipTolerantBatch(['rule show'])),
  ]);
  await ipTolerantBatch(leftTunnels('', await ipTolerantBatch(['rule show'], 6)), 6);
}

/**
 * Takes back what `apply` did.
 * @param tables those of nftables before it
 * @param down interfaces that are down since, and come up again
 * @returns the fingerprint afterwards
 */
export async function undo({ node, beneath, sysctls }: Applied, tables: string, down: string[] = []): Promise<string> {
  await ipBatch(ruleCommands('del', node, 6), 6);
  await deleteTables(Object.keys(tablesOf(node, beneath)));
  writeSysctls(Object.fromEntries(sysctls.reverse().filter(([path]) => !path.includes('/br0/'))));
  const [seen] = await Promise.all([
    fingerprint({
      before: ['route flush table main', ...ipUndoCommands(node), ...down.map((name) => `link set dev ${name} up`)],
      ...(makesRules(node) ? {} : { tables }),
    }),
    tracksConnections(node) || node.balancer !== null ? program(['conntrack', '-F']) : null,
  ]);
  return seen;
}

/** Names of the tables of nftables; the engine's own are among them. */
export function nftTables(): Promise<string> {
  return program(['nft', 'list', 'tables']);
}

/** Whether anything in a node that is configured so makes rules. */
export function makesRules(node: NodePlan): boolean {
  return node.balancer !== null || Object.keys(tablesOf(node)).length > 0;
}

/**
 * Everything that a flow could notice, as one text: equal texts mean an equal namespace. Most of its cost is that of
 * the processes that it starts.
 * @param given lines of ip(8) to run before, in the same process, and the tables of nftables where they are known
 */
export async function fingerprint(given: { before?: string[]; tables?: string } = {}): Promise<string> {
  const parts = await Promise.all([interfacesAndRoutes(given.before ?? []), given.tables ?? nftTables()]);
  return parts.join('\n---\n').replace(/(valid|preferred)_lft \S+/g, '');
}

const CARRIER_DEADLINE_MS = 2000;
const CARRIER_POLL_MS = 5;

/** Waits for the carrier of links that were just put up: the kernel tells of it a moment later (its linkwatch). */
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

/** An interface whose other end is down in this very namespace (M-DOWN) waits for nothing. */
function lacksCarrier(output: string): boolean {
  return output.split('\n').some((line) => line.includes('NO-CARRIER') && !line.includes('M-DOWN'));
}

/** Waits until interfaces are up for the kernel as well, which forwards frames from then on. */
async function untilUp(ifaces: string[]): Promise<void> {
  const deadline = Date.now() + CARRIER_DEADLINE_MS;
  const isUp = (name: string): boolean => !readFileSync(`/sys/class/net/${name}/operstate`, 'utf8').includes('down');
  while (!ifaces.every(isUp) && Date.now() < deadline) await delay(CARRIER_POLL_MS);
}

/**
 * Writes what is not so already.
 * @returns path and former value of everything written, in the order of writing
 */
export function writeSysctls(values: Record<string, string>): [string, string][] {
  const former: [string, string][] = [];
  for (const [path, value] of Object.entries(values)) {
    const file = join(sysctls(), path);
    try {
      // /proc answers at once, and there are a hundred values: waiting for each would cost more than it gives.
      const before = readFileSync(file, 'utf8').trim();
      if (before === value) continue;
      writeFileSync(file, value);
      former.push([path, before]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw new AgentError(
          { code: 'sysctl-missing', params: { setting: path.replaceAll('/', '.') } },
          { cause: error },
        );
      const params = { setting: `${path}=${value}`, error: (error as Error).message };
      throw new AgentError({ code: 'sysctl-failed', params }, { cause: error });
    }
  }
  return former;
}

/** Where settings are written: under Docker Compose /proc/sys itself is read-only, and another mount of it is not. */
function sysctls(): string {
  return process.env['L4LAB_SYSCTLS'] ?? '/proc/sys';
}

/** A bridge hands its frames to iptables where br_netfilter is loaded; the switch of a lab must not. */
async function disableBridgeFiltering(): Promise<void> {
  for (const name of ['iptables', 'ip6tables', 'arptables']) {
    await writeFile(join(sysctls(), `net/bridge/bridge-nf-call-${name}`), '0').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  }
}
