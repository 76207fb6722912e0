import { contains, host, hostRoute, isAddress, isV6, network } from './address.ts';
import { SOURCES } from './flow-schema.ts';
import { DNS_PORT } from '../terms/by-name.ts';
import { listenerOf } from '../terms/listener.ts';
import type { ListenerPlan } from '../terms/plan.ts';
import { ROLES } from '../terms/role.ts';
import type { DeadEnd } from '../terms/dead-end.ts';
import { linkNumber, linkName } from '../terms/link-name.ts';
import { trunkInterface } from '../terms/trunk-interface.ts';
import type { Lab, NodeSettings, ScenarioFile } from './schema.ts';

/** Addresses (CIDR) of a link's end as written in the lab. */
export function linkAddresses(end: Lab['links'][number][string] | undefined): string[] {
  if (end === null || end === undefined) return [];
  if (typeof end === 'string') return [end];
  const { address = [], vlans = {} } = end;
  return [address, ...Object.values(vlans)].flat();
}

/** Addresses of a node's interfaces on a trunk, by VLAN; empty without VLANs. */
export function vlanAddresses(end: Lab['links'][number][string] | undefined): Map<number, string[]> {
  const { vlans = {} } = typeof end === 'object' && end !== null ? end : {};
  return new Map(Object.entries(vlans).map(([vlan, addresses]) => [Number(vlan), [addresses].flat()]));
}

/** Addresses of a node's interface for untagged frames; null if it only has VLAN interfaces. */
export function untaggedAddresses(end: Lab['links'][number][string] | undefined): string[] | null {
  if (typeof end !== 'object' || end === null || end.vlans === undefined) return linkAddresses(end);
  return end.address === undefined ? null : [end.address].flat();
}

/** All addresses (CIDR) of a node in the lab. */
export function nodeAddresses(lab: Lab, name: string): readonly string[] {
  let found = addressesBy.get(lab);
  if (found === undefined) addressesBy.set(lab, (found = addressesByNode(lab)));
  return found.get(name) ?? [];
}

/** Cached: candidate fixes look up every node of a lab hundreds of times. */
const addressesBy = new WeakMap<Lab, Map<string, string[]>>();

function addressesByNode({ nodes, links }: Lab): Map<string, string[]> {
  const all = new Map<string, string[]>();
  const add = (name: string, addresses: string[]): void => void all.set(name, [...(all.get(name) ?? []), ...addresses]);
  for (const link of links) for (const [name, end] of Object.entries(link)) add(name, linkAddresses(end));
  for (const [name, { bridge }] of Object.entries(nodes)) if (typeof bridge === 'string') add(name, [bridge]);
  return all;
}

/** Listener of a DNS server, in YAML. */
const DNS_LISTENER = `${DNS_PORT}/udp`;

/**
 * Listeners of a node: explicit ones, otherwise the ports of services with the node in their pool, and port 53 of a DNS
 * server.
 */
export function listenersOf(
  name: string,
  lab: Lab,
  { nodes, servers, services, names }: Pick<ScenarioFile, 'nodes' | 'servers' | 'services' | 'names'>,
): ListenerPlan[] {
  const node = lab.nodes[name]!;
  const ofServers = ROLES[node.role].serves ? servers.listeners : undefined;
  const declared = nodes[name]?.listeners ?? ofServers ?? node.listeners;
  if (declared !== undefined) return declared.map(listenerOf);
  const served = Object.values(services).flatMap(({ pool, port, protocol }) =>
    pool.filter(({ node: server }) => server === name).map((server) => `${server.port ?? port}/${protocol}`),
  );
  const asked = Object.values(names).some(({ server }) => server === name) ? [DNS_LISTENER] : [];
  return [...new Set([...served, ...asked])].map(listenerOf);
}

/**
 * Addresses of a node's default gateway, one per address family: `gateway` is a role, a node or an address. Empty if it
 * has none in a subnet of the node.
 */
export function gatewayAddresses(lab: Lab, name: string, gateway: string, ownAddress?: string): string[] {
  const own = (ownAddress === undefined ? nodeAddresses(lab, name) : [ownAddress]).map(network);
  const near = addressesBehind(lab, name, gateway).filter((address) => own.some((net) => contains(net, address)));
  return [false, true].flatMap((v6) => near.find((address) => isV6(address) === v6) ?? []);
}

/** A route of a node, with services replaced by their VIP; unknown names are unchanged. */
export interface RouteSettings {
  /** CIDR, or `default`. */
  to: string;
  /** CIDR. */
  from?: string | undefined;
  /** Empty if the destinations are neighbours, or the route drops packets. */
  vias: string[];
  type?: DeadEnd | undefined;
}

/** Routes in a node's settings; the gateway is last. */
export function routesOf({ routes = [], gateway }: NodeSettings, services: ScenarioFile['services']): RouteSettings[] {
  const prefixOf = (text: string): string => {
    const vip = services[text]?.vip;
    return vip === undefined ? text : hostRoute(vip);
  };
  const all = routes.map(({ to, from, via = [], type }) => ({
    to: prefixOf(to),
    ...(from === undefined ? {} : { from: prefixOf(from) }),
    vias: [via].flat(),
    ...(type === undefined ? {} : { type }),
  }));
  return gateway === undefined || gateway === 'none' ? all : [...all, { to: 'default', vias: [gateway] }];
}

/**
 * Addresses of a route's next hop for a node, in the family of destination and source; for `default` one per family.
 * Empty if it has none in a subnet of the node.
 */
export function nextHops(
  lab: Lab,
  name: string,
  { to, from, via }: Pick<RouteSettings, 'to' | 'from'> & { via: string },
  ownAddress?: string,
): string[] {
  const ends = [to, from].filter((end) => end !== undefined && end !== 'default');
  return gatewayAddresses(lab, name, via, ownAddress).filter((hop) => ends.every((end) => isV6(hop) === isV6(end!)));
}

function addressesBehind(lab: Lab, name: string, gateway: string): string[] {
  if (isAddress(gateway)) return [gateway];
  const link = farEndNamed(lab, name, gateway);
  if (link !== null) return linkAddresses(link).map(host);
  const nodes = lab.nodes[gateway] ? [gateway] : nodesOfRole(lab, gateway).filter((node) => node !== name);
  return nodes.flatMap((node) => nodeAddresses(lab, node)).map(host);
}

/** The peer's end of a further link, named `l3-2`; null if there is none. */
function farEndNamed(lab: Lab, name: string, linkLabel: string): Lab['links'][number][string] | null {
  if (lab.nodes[linkLabel]) return null;
  const link = lab.links.find((one) => name in one && linkNameAt(lab, one, name) === linkLabel);
  return link === undefined ? null : link[peerOf(link, name)]!;
}

/** Nodes with a role; empty if the word is a node's name. */
export function nodesOfRole({ nodes }: Lab, role: string): string[] {
  return nodes[role] ? [] : Object.keys(nodes).filter((name) => nodes[name]!.role === role);
}

/** Peers of a node. */
export function peersOf(lab: Lab, name: string): string[] {
  return lab.links.filter((link) => name in link).map((link) => peerOf(link, name));
}

export function peerOf(link: Lab['links'][number], name: string): string {
  return Object.keys(link).find((end) => end !== name)!;
}

/** A node's names for its links: `l2`, and `l2-2` for a second link with l2. */
export function linkNames(lab: Lab, name: string): string[] {
  return lab.links.filter((link) => name in link).map((link) => linkNameAt(lab, link, name));
}

/** A node's name for one link. */
export function linkNameAt({ links }: Pick<Lab, 'links'>, link: Lab['links'][number], name: string): string {
  let numbers = numbersBy.get(links);
  if (numbers === undefined) numbersBy.set(links, (numbers = numbersOf(links)));
  return linkName(peerOf(link, name), numbers.get(link) ?? 1);
}

/** Cached: used for every interface of every resolved plan; links of a lab never change. */
const numbersBy = new WeakMap<Lab['links'], Map<Lab['links'][number], number>>();

function numbersOf(links: Lab['links']): Map<Lab['links'][number], number> {
  const times = new Map<string, number>();
  return new Map(
    links.map((link) => {
      const ends = Object.keys(link).sort().join(' ');
      const number = (times.get(ends) ?? 0) + 1;
      times.set(ends, number);
      return [link, number];
    }),
  );
}

/** A link identified by a node and that node's name for it. */
export interface NamedLink {
  nodes: [string, string];
  number: number;
}

/** The link identified by a node and its name for it, in either order, or null. */
export function linkNamed(lab: Lab, [a, b]: [string, string]): NamedLink | null {
  for (const link of lab.links) {
    for (const [node, linkLabel] of [
      [a, b],
      [b, a],
    ] as const) {
      if (!(node in link) || linkNameAt(lab, link, node) !== linkLabel) continue;
      const peer = peerOf(link, node);
      const nodes: [string, string] = node === a ? [node, peer] : [peer, node];
      return { nodes, number: linkNumber({ name: linkLabel, peer }) };
    }
  }
  return null;
}

/** Names of a node's interfaces: its links, and VLAN interfaces of trunks. */
export function interfaceNames(lab: Lab, name: string): string[] {
  return lab.links
    .filter((link) => name in link)
    .flatMap((link) => interfacesAt(lab, link, name).map((one) => one.name));
}

/** Tagged interfaces of a switch's ports: a VLAN of the node behind a port, or of a trunk to another switch. */
export function taggedPorts(lab: Lab, name: string): string[] {
  const trunkAt = (node: string, link: Lab['links'][number]): number[] =>
    lab.nodes[node]?.ports?.[linkNameAt(lab, link, node)]?.trunk ?? [];
  return lab.links.flatMap((link) => {
    if (!(name in link) || !ROLES[lab.nodes[name]!.role].switches) return [];
    const peer = peerOf(link, name);
    const ofNode = [...vlanAddresses(link[peer]).keys()];
    const isSwitch = lab.nodes[peer] !== undefined && ROLES[lab.nodes[peer].role].switches;
    const vlans = isSwitch ? [...trunkAt(name, link), ...trunkAt(peer, link)] : ofNode;
    return [...new Set(vlans)].map((vlan) => trunkInterface(linkNameAt(lab, link, name), vlan));
  });
}

/** L4s of a service: the named ones, otherwise the lab's only one; empty if there is none. */
export function l4sOf(lab: Lab, { l4 }: { l4?: string | string[] | undefined }): string[] {
  const known = balancersOf(lab);
  return [l4 ?? (known.length === 1 ? known : [])].flat();
}

/** Interfaces of a node at one link, with their addresses (CIDR): untagged, and one per VLAN. */
export function interfacesAt(
  lab: Pick<Lab, 'links'>,
  link: Lab['links'][number],
  name: string,
): { name: string; addresses: string[] }[] {
  const linkLabel = linkNameAt(lab, link, name);
  return [
    { name: linkLabel, addresses: untaggedAddresses(link[name]) ?? [] },
    ...[...vlanAddresses(link[name])].map(([vlan, addresses]) => ({
      name: trunkInterface(linkLabel, vlan),
      addresses,
    })),
  ];
}

export function callersOf(lab: Lab): string[] {
  return nodesThat(lab, 'calls');
}

export function serversOf(lab: Lab): string[] {
  return nodesThat(lab, 'serves');
}

export function balancersOf(lab: Lab): string[] {
  return nodesThat(lab, 'balances');
}

function nodesThat(lab: Lab, does: 'calls' | 'serves' | 'balances'): string[] {
  return Object.keys(lab.nodes).filter((name) => ROLES[lab.nodes[name]!.role][does]);
}

/** Addresses meant by a node name in `sourceSeen`; null for words that the judge resolves. */
export function namedSources(lab: Lab, sourceSeen: string): string[] | null {
  if (isAddress(sourceSeen) || (SOURCES as readonly string[]).includes(sourceSeen)) return null;
  return nodeAddresses(lab, sourceSeen).map(host);
}
