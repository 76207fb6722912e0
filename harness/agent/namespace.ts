import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from './agent-error.ts';
import { FIREWALL_RULES, ipCommands, ipUndoCommands, ONE_SEGMENT_A_FRAME, undoDscpRules } from './commands.ts';
import { ipBatch, ipTolerantBatch, program } from './program.ts';
import type { NodePlan } from '../terms/plan.ts';
import type { WireParams } from './protocol.ts';

interface LinkJson {
  ifname: string;
  addr_info?: { local: string }[];
}

/**
 * Gives every interface the name and MAC of the lab and takes away the engine's addresses and routes.
 * The order of ethN says nothing, so interfaces are found by their throwaway address.
 */
export async function wire({ interfaces }: WireParams): Promise<void> {
  const links = JSON.parse(await program(['ip', '-j', 'addr'])) as LinkJson[];
  const lines: string[] = [];
  const withIpv6 = ['all', 'default', 'lo'];
  for (const { wireAddress, name, mac } of interfaces) {
    const link = links.find((l) => l.addr_info?.some((a) => a.local === wireAddress));
    if (!link) throw new AgentError({ code: 'interface-missing', params: { address: wireAddress } });
    withIpv6.push(link.ifname);
    lines.push(
      `link set dev ${link.ifname} down`,
      `link set dev ${link.ifname} name ${name}`,
      `link set dev ${name} address ${mac} ${ONE_SEGMENT_A_FRAME}`,
      `addr flush dev ${name}`,
      `link set dev ${name} up`,
    );
  }
  // Each by itself: where `all` says so already, writing it would change nothing for those that the engine switched on.
  writeSysctls(Object.fromEntries(withIpv6.map((scope) => [`net/ipv6/conf/${scope}/disable_ipv6`, '1'])));
  await ipBatch([...lines, 'route flush table main']);
}

/** What `configure` changed, so that it can be undone. */
export interface Applied {
  node: NodePlan;
  /** Values before. */
  sysctls: [string, string][];
}

/** Brings a wired namespace to what the plan says. */
export async function apply(node: NodePlan): Promise<Applied> {
  const applied: Applied = { node, sysctls: [] };
  if (node.bridge) await ipBatch(['link add br0 type bridge']);
  applied.sysctls = writeSysctls(node.sysctls);
  if (node.bridge) await disableBridgeFiltering();
  await ipBatch(ipCommands(node));
  if (node.firewall === 'stateful') await program(['nft', '-f', '-'], FIREWALL_RULES);
  if (node.undoDscp !== undefined) await program(['nft', '-f', '-'], undoDscpRules(node));
  return applied;
}

/** Takes back what `apply` did. @param tables those of nftables before it @returns the fingerprint afterwards */
export async function undo({ node, sysctls }: Applied, tables: string): Promise<string> {
  const filters = node.firewall === 'stateful';
  if (filters) await program(['nft', 'delete', 'table', 'inet', 'l4lab_firewall']);
  if (node.undoDscp !== undefined) await program(['nft', 'delete', 'table', 'netdev', 'l4lab_undo_dscp']);
  writeSysctls(Object.fromEntries(sysctls.reverse().filter(([path]) => !path.includes('/br0/'))));
  const [seen] = await Promise.all([
    fingerprint({
      before: ['route flush table main', ...ipUndoCommands(node)],
      ...(makesRules(node) ? {} : { tables }),
    }),
    filters || node.balancer !== null ? program(['conntrack', '-F']) : null,
  ]);
  return seen;
}

/** Names of the tables of nftables; the engine's own are among them. */
export function nftTables(): Promise<string> {
  return program(['nft', 'list', 'tables']);
}

/** Whether anything in a node that is configured so makes rules. */
export function makesRules({ firewall, balancer, undoDscp }: NodePlan): boolean {
  return firewall === 'stateful' || balancer !== null || undoDscp !== undefined;
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
  while (output.includes('NO-CARRIER') && Date.now() < deadline) {
    await delay(CARRIER_POLL_MS);
    output = await ipTolerantBatch(shown);
  }
  return output;
}

/**
 * Writes what is not so already.
 * @returns path and former value of everything written, in the order of writing
 */
function writeSysctls(values: Record<string, string>): [string, string][] {
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
