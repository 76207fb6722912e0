import { noSuch } from '../../did-you-mean.ts';
import { interfacesAt, untaggedAddresses } from '../lab-queries.ts';
import { OF_THE_MACHINE, READ_ONLY } from '../machine-sysctls.ts';
import type { Problem } from '../problem.ts';
import type { Lab, NodeSettings } from '../schema.ts';
import { sysctlPath } from '../sysctl-path.ts';
import type { Path } from '../yaml-file.ts';

/** Fields by kernel setting: each setting has only one way to be written. */
const FIELDS: Record<string, keyof NodeSettings> = {
  ip_forward: 'forwarding',
  forwarding: 'forwarding',
  rp_filter: 'rpFilter',
  arp_ignore: 'arpIgnore',
  arp_announce: 'arpAnnounce',
  accept_local: 'acceptLocal',
  proxy_arp: 'proxyArp',
  send_redirects: 'sendRedirects',
  accept_redirects: 'acceptRedirects',
};

/** Settings that labs depend on: see sysctls.ts. */
const OWN = [
  ...['secure_redirects', 'arp_notify', 'icmp_ratelimit', 'ratelimit', 'disable_ipv6', 'retrans_time_ms'],
  ...['delay_first_probe_time', 'accept_ra', 'autoconf', 'router_solicitations', 'accept_dad', 'ndisc_notify'],
  'proxy_delay',
];

const SCOPES = ['all', 'default', 'lo'];

/**
 * Kernel settings that have a field, that users must not change, or that no node has.
 * @param path of the node's settings
 * @param names nodes with these settings
 */
export function checkSysctls(path: Path, { sysctls = {} }: NodeSettings, names: string[], lab: Lab): Problem[] {
  return Object.keys(sysctls).flatMap((name) => {
    const message = reserved(name) ?? notOfNodes(name) ?? strangeInterface(name, names, lab);
    return message === null ? [] : [{ path: [...path, 'sysctls', name], message, dependsOn: [path, ['links']] }];
  });
}

function reserved(name: string): string | null {
  const last = name.split('.').at(-1)!;
  const field = FIELDS[last];
  if (field === undefined) return OWN.includes(last) ? 'labs set this themselves' : null;
  const scope = scopeOf(name);
  return `use the field \`${scope === null || SCOPES.includes(scope) ? '' : `interfaces.${scope}.`}${field}\``;
}

function notOfNodes(name: string): string | null {
  if (READ_ONLY.has(name)) return 'can only be read';
  if (name.endsWith('.route.flush')) return 'is an action, not a setting';
  return OF_THE_MACHINE.has(name)
    ? 'is a setting of the whole machine, not of a node: set it on the host of the engine'
    : null;
}

function strangeInterface(name: string, names: string[], lab: Lab): string | null {
  const scope = scopeOf(name);
  if (scope === null) return null;
  const known = (node: string): string[] => [...SCOPES, ...devicesOf(node, lab)];
  const strangers = names.filter((node) => lab.nodes[node] && !known(node).includes(scope));
  if (strangers.length === 0) return null;
  return noSuch(`interface of ${strangers.join(', ')}`, scope, [...new Set(strangers.flatMap(known))]);
}

/** A trunk without untagged frames has no interface of its own. */
function devicesOf(node: string, lab: Lab): string[] {
  const interfaces = lab.links
    .filter((link) => node in link)
    .flatMap((link) => interfacesAt(lab, link, node).slice(untaggedAddresses(link[node]) === null ? 1 : 0));
  const { bridge = false } = lab.nodes[node]!;
  return [...interfaces.map(({ name }) => name), ...(bridge === false ? [] : ['br0'])];
}

/** `all`, `default` or the interface of a setting; null for settings without. */
function scopeOf(name: string): string | null {
  const [, , tree, scope] = sysctlPath(name).split('/');
  return (tree === 'conf' || tree === 'neigh') && scope !== undefined ? scope : null;
}
