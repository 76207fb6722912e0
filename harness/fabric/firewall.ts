import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';
import type { Fault } from '../terms/fault.ts';
import { isV6 } from '../scenario/address.ts';
import { BRIDGE_PREFIX } from './bridges.ts';
import { onHostNetwork } from './host-container.ts';

/** What an error of the engine means that comes from its rules; null when it is about something else. */
export function missingRules(error: Error): EnvironmentError | null {
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

/** What the engine's host says of its firewall, in sections. */
const SCRIPT = `nft -j list ruleset 2>/dev/null || echo '{"nftables":[]}'
cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || true`;

/**
 * Finds out why the engine's networks carry nothing.
 * @param silent addresses from which no answer came
 */
export async function wiresBlocked(docker: Dockerode, image: string, silent: string[]): Promise<EnvironmentError> {
  const families = [...new Set(silent.map((address): Family => (isV6(address) ? 6 : 4)))].sort();
  const output = await onHostNetwork(docker, image, { script: SCRIPT, admin: true });
  const [ruleset, ...legacy] = output.split('\n').filter((line) => line !== '');
  const versions = families.map((family) => FAMILIES[family].name);
  const evidence = describeBlock(suspects(ruleset!, families), legacy.includes('filter'));
  return new EnvironmentError('host-firewall', { code: 'networks-blocked', params: { versions, evidence } });
}

/** A chain of the host that may drop what goes over a bridge. */
export interface Suspect {
  family: string;
  table: string;
  chain: string;
  /** How it drops: by its policy, by its last rule, or whatever came from where it would not be routed to. */
  how: 'policy drop' | 'last rule drop' | 'last rule reject' | 'reverse-path filter';
  /** Whose it is, as far as names tell. */
  owner: 'ufw' | 'firewalld' | 'nftables' | 'iptables';
}

/**
 * The base chains that drop or refuse whatever no rule of theirs accepts, and filters of the reverse path.
 * @param json what `nft -j list ruleset` prints (libnftables-json(5))
 */
export function suspects(json: string, families: Family[]): Suspect[] {
  const objects = (JSON.parse(json) as { nftables: NftObject[] }).nftables;
  const tables: string[] = families.flatMap((family) => FAMILIES[family].tables);
  return objects.flatMap(({ chain }): Suspect[] => {
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

function refusal({ policy }: NftChain, rules: NftStatement[][], jumps: string[]): Suspect['how'] | null {
  // Docker drops what it does not know as well, and it knows its networks.
  if (jumps.some((target) => target.startsWith('DOCKER'))) return null;
  const [verdict] = rules.at(-1)?.filter((statement) => !('counter' in statement)) ?? [];
  if (verdict !== undefined && 'drop' in verdict) return 'last rule drop';
  if (verdict !== undefined && 'reject' in verdict) return 'last rule reject';
  return policy === 'drop' ? 'policy drop' : null;
}

function reversePath({ hook }: NftChain, rules: NftStatement[][]): Suspect['how'] | null {
  const asksForRoute = ({ match }: NftStatement): boolean => match?.left.fib?.flags.includes('saddr') === true;
  const found = rules.some((rule) => rule.some(asksForRoute) && rule.some((statement) => 'drop' in statement));
  return hook === 'prerouting' && found ? 'reverse-path filter' : null;
}

function ownerOf({ table, name }: NftChain, jumps: string[]): Suspect['owner'] {
  if (table === 'firewalld') return 'firewalld';
  if (jumps.some((target) => target.startsWith('ufw'))) return 'ufw';
  // Names that iptables gives, whatever is behind it.
  return name === 'FORWARD' ? 'iptables' : 'nftables';
}

const OWNERS = {
  ufw: 'ufw',
  firewalld: 'firewalld',
  nftables: 'nftables, as in /etc/nftables.conf',
  iptables: 'iptables',
};

/** What drops the packets, and how to let those of labs through. @param legacy whether the host has rules of the old iptables, which nft does not see */
export function describeBlock(found: Suspect[], legacy: boolean): string {
  const evidence =
    found.length > 0
      ? [
          'What drops or refuses packets there, bridged ones included:',
          ...found.map(
            ({ family, table, chain, how, owner }) =>
              `  table ${family} ${table}, chain ${chain}: ${how} (${OWNERS[owner]})`,
          ),
        ]
      : [`No chain of nftables says so. See: sudo ${legacy ? 'iptables-legacy-save' : 'nft list ruleset'}`];
  return [
    ...evidence,
    ...(found.length > 0 && found.every(({ family }) => family === 'bridge') ? [] : OFF_BRIDGES),
    ...commands(found),
  ].join('\n');
}

/** Helps against whatever is not a table of bridges itself. */
const OFF_BRIDGES = [
  'Keep it off bridges, until the next boot (a file in /etc/sysctl.d makes it last):',
  '  sudo sysctl net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0',
];

/** What lets the wires of labs through and leaves all else as it is. */
function commands(found: Suspect[]): string[] {
  if (found.some(({ how }) => how === 'reverse-path filter')) return [];
  const lines = found.map(({ owner, family, table, chain }) => {
    if (owner === 'ufw') return `sudo ufw route allow in on ${BRIDGE_PREFIX}+ out on ${BRIDGE_PREFIX}+`;
    if (owner === 'firewalld') return 'sudo systemctl restart docker   # makes its networks known to firewalld';
    // A table of bridges calls by these names what are interfaces to others.
    const [from, to] = family === 'bridge' ? ['ibrname', 'obrname'] : ['iifname', 'oifname'];
    const wires = `'"${BRIDGE_PREFIX}*"'`;
    return `sudo nft insert rule ${family} ${table} ${chain} ${from} ${wires} ${to} ${wires} accept`;
  });
  return lines.length === 0
    ? []
    : ['Let the wires of labs through, and nothing else:', ...new Set(lines.map((line) => `  ${line}`))];
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
