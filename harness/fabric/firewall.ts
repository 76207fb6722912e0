import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';
import type { BlockingChain, Fault } from '../terms/fault.ts';
import { BRIDGE_PREFIX } from './bridges.ts';
import { isV6 } from '../scenario/address.ts';
import { onHostNetwork } from './host-container.ts';

/** Explains an error of the engine's firewall rules; null for other errors. */
export function explainRulesError(error: Error): EnvironmentError | null {
  if (!/Chain '[^']+' does not exist|No chain\/target\/match by that name/.test(error.message)) return null;
  const fault: Fault = { code: 'docker-rules-gone', params: { error: error.message } };
  return new EnvironmentError('host-firewall', fault, { cause: error });
}

/** IP versions. */
type Family = 4 | 6;

const FAMILIES = {
  4: { name: 'IPv4', tables: ['ip', 'inet', 'bridge'] },
  6: { name: 'IPv6', tables: ['ip6', 'inet', 'bridge'] },
} as const;

/** Prints the firewall of the engine's host, in sections. */
const SCRIPT = `nft -j list ruleset 2>/dev/null || echo '{"nftables":[]}'
cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || true`;

/**
 * Finds out why the engine's networks carry no packets.
 * @param silent addresses without an answer
 */
export async function explainBlockedWires(
  docker: Dockerode,
  image: string,
  silent: string[],
): Promise<EnvironmentError> {
  const families = [...new Set(silent.map((address): Family => (isV6(address) ? 6 : 4)))].sort();
  const output = await onHostNetwork(docker, image, { script: SCRIPT, admin: true });
  const [ruleset, ...legacy] = output.split('\n').filter((line) => line !== '');
  const versions = families.map((family) => FAMILIES[family].name);
  const chains = blockingChains(ruleset!, families);
  const params = { versions, chains, wires: BRIDGE_PREFIX, legacy: legacy.includes('filter') };
  return new EnvironmentError('host-firewall', { code: 'networks-blocked', params });
}

/**
 * Base chains that drop or reject by default, and reverse path filters.
 * @param json output of `nft -j list ruleset` (libnftables-json(5))
 */
export function blockingChains(json: string, families: Family[]): BlockingChain[] {
  const objects = (JSON.parse(json) as { nftables: NftObject[] }).nftables;
  const tables: string[] = families.flatMap((family) => FAMILIES[family].tables);
  return objects.flatMap(({ chain }): BlockingChain[] => {
    if (chain === undefined || !tables.includes(chain.family)) return [];
    const rules = objects.flatMap(({ rule }) =>
      rule?.family === chain.family && rule.table === chain.table && rule.chain === chain.name ? [rule.expr] : [],
    );
    const jumps = rules.flat().flatMap(({ jump }) => (jump ? [jump.target] : []));
    const how = chain.hook === 'forward' ? refusal(chain, rules, jumps) : reversePath(chain, rules);
    if (how === null) return [];
    return [{ family: chain.family, table: chain.table, chain: chain.name, how, owner: ownerOf(chain, jumps) }];
  });
}

function refusal({ policy }: NftChain, rules: NftStatement[][], jumps: string[]): BlockingChain['how'] | null {
  // Docker's own chains drop by default too, but accept its networks.
  if (jumps.some((target) => target.startsWith('DOCKER'))) return null;
  const [verdict] = rules.at(-1)?.filter((statement) => !('counter' in statement)) ?? [];
  if (verdict !== undefined && 'drop' in verdict) return 'last rule drop';
  if (verdict !== undefined && 'reject' in verdict) return 'last rule reject';
  return policy === 'drop' ? 'policy drop' : null;
}

function reversePath({ hook }: NftChain, rules: NftStatement[][]): BlockingChain['how'] | null {
  const asksForRoute = ({ match }: NftStatement): boolean => match?.left.fib?.flags.includes('saddr') === true;
  const found = rules.some((rule) => rule.some(asksForRoute) && rule.some((statement) => 'drop' in statement));
  return hook === 'prerouting' && found ? 'reverse-path filter' : null;
}

function ownerOf({ table, name }: NftChain, jumps: string[]): BlockingChain['owner'] {
  if (table === 'firewalld') return 'firewalld';
  if (jumps.some((target) => target.startsWith('ufw'))) return 'ufw';
  // Chain name of iptables, legacy or nft.
  return name === 'FORWARD' ? 'iptables' : 'nftables';
}

interface NftChain {
  family: string;
  table: string;
  name: string;
  hook?: string;
  policy?: string;
}

interface NftStatement {
  jump?: { target: string };
  match?: { left: { fib?: { flags: string | string[] } } };
}

interface NftObject {
  chain?: NftChain;
  rule?: { family: string; table: string; chain: string; expr: NftStatement[] };
}
