import { contains, host, hostRoute, isAddress, isV6, network } from './address.ts';
import { SOURCES } from './flow-schema.ts';
import { DNS_PORT } from '../terms/by-name.ts';
import { listenerOf } from '../terms/listener.ts';
import type { ListenerPlan } from '../terms/plan.ts';
import { ROLES } from '../terms/role.ts';
import type { DeadEnd } from '../terms/dead-end.ts';
import { linkNumber, linkWord } from '../terms/link-word.ts';
import { trunkInterface } from '../terms/trunk-interface.ts';
import type { Lab, NodeSettings, ScenarioFile } from './schema.ts';

/** Addresses (CIDR) of a link's end as the lab writes them. */
export function linkAddresses(end: Lab['links'][number][string] | undefined): string[] {
  if (end === null || end === undefined) return [];
  if (typeof end === 'string') return [end];
  const { address = [], vlans = {} } = end;
  return [address, ...Object.values(vlans)].flat();
}

/** Addresses of a node's interfaces on a trunk, by VLAN; none where the link's end has no VLANs. */
export function vlanAddresses(end: Lab['links'][number][string] | undefined): Map<number, string[]> {
  const { vlans = {} } = typeof end === 'object' && end !== null ? end : {};
  return new Map(Object.entries(vlans).map(([vlan, addresses]) => [Number(vlan), [addresses].flat()]));
}

/** Addresses of a node's interface for frames without a tag; null where it has interfaces for VLANs alone. */
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

/** Candidates for a fix ask hundreds of times for every node of a lab that stays the same. */
const addressesBy = new WeakMap<Lab, Map<string, string[]>>();

function addressesByNode({ nodes, links }: Lab): Map<string, string[]> {
  const all = new Map<string, string[]>();
  const add = (name: string, addresses: string[]): void => void all.set(name, [...(all.get(name) ?? []), ...addresses]);
  for (const link of links) for (const [name, end] of Object.entries(link)) add(name, linkAddresses(end));
  for (const [name, { bridge }] of Object.entries(nodes)) if (typeof bridge === 'string') add(name, [bridge]);
  return all;
}

/** Where a DNS server listens, as YAML has it. */
const DNS_LISTENER = `${DNS_PORT}/udp`;

/**
 * What a node listens on: what is said of it, or else the ports at which services have it in their pool, and that of a DNS
 * server where it is one.
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
 * Addresses of a default gateway as seen from a node, one for each address family: `gateway` is a role, a node or an
 * address. None when it stands for nothing in a subnet of the node.
 */
export function gatewayAddresses(lab: Lab, name: string, gateway: string, ownAddress?: string): string[] {
  const own = (ownAddress === undefined ? nodeAddresses(lab, name) : [ownAddress]).map(network);
  const near = addressesBehind(lab, name, gateway).filter((address) => own.some((net) => contains(net, address)));
  return [false, true].flatMap((v6) => near.find((address) => isV6(address) === v6) ?? []);
}

/** A route of a node, in which a service has become its VIP; an unknown one is still a name. */
export interface RouteSettings {
  /** CIDR, or `default`. */
  to: string;
  /** CIDR. */
  from?: string | undefined;
  /** Empty where the destinations are neighbours, or the route leads nowhere. */
  vias: string[];
  type?: DeadEnd | undefined;
}

/** Routes of a node as its settings say them; the gateway is the last one. */
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
 * Addresses of the next hop of a route as seen from a node, of the family of its destination and source; for `default` one
 * for each family. None when it stands for nothing in a subnet of the node.
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

/** The other end of a further link of a node with the same peer, by the word `l3-2`; null where that is none. */
function farEndNamed(lab: Lab, name: string, word: string): Lab['links'][number][string] | null {
  if (lab.nodes[word]) return null;
  const link = lab.links.find((one) => name in one && wordAt(lab, one, name) === word);
  return link === undefined ? null : link[peerOf(link, name)]!;
}

/** Nodes that a role stands for; none where a node has that very name. */
export function nodesOfRole({ nodes }: Lab, role: string): string[] {
  return nodes[role] ? [] : Object.keys(nodes).filter((name) => nodes[name]!.role === role);
}

/** Nodes at the other ends of a node's links. */
export function peersOf(lab: Lab, name: string): string[] {
  return lab.links.filter((link) => name in link).map((link) => peerOf(link, name));
}

export function peerOf(link: Lab['links'][number], name: string): string {
  return Object.keys(link).find((end) => end !== name)!;
}

/** By what a node knows its ends of links: `l2`, and `l2-2` for a second link with l2. */
export function linkWords(lab: Lab, name: string): string[] {
  return lab.links.filter((link) => name in link).map((link) => wordAt(lab, link, name));
}

/** By what a node knows its end of one link. */
export function wordAt({ links }: Pick<Lab, 'links'>, link: Lab['links'][number], name: string): string {
  let numbers = numbersBy.get(links);
  if (numbers === undefined) numbersBy.set(links, (numbers = numbersOf(links)));
  return linkWord(peerOf(link, name), numbers.get(link) ?? 1);
}

/** Asked for every interface whenever a plan is resolved; links of a lab stay the same. */
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

/** A link as two of its words name it: a node, and its word for the link. */
export interface NamedLink {
  nodes: [string, string];
  number: number;
}

/** The link that a node and its word for it, in either order, stand for; null where there is none. */
export function linkNamed(lab: Lab, [a, b]: [string, string]): NamedLink | null {
  for (const link of lab.links) {
    for (const [node, word] of [
      [a, b],
      [b, a],
    ] as const) {
      if (!(node in link) || wordAt(lab, link, node) !== word) continue;
      const peer = peerOf(link, node);
      const nodes: [string, string] = node === a ? [node, peer] : [peer, node];
      return { nodes, number: linkNumber({ name: word, peer }) };
    }
  }
  return null;
}

/** What names interfaces of a node: its words for links, and the interfaces for VLANs of a trunk. */
export function interfaceWords(lab: Lab, name: string): string[] {
  return lab.links
    .filter((link) => name in link)
    .flatMap((link) => interfacesAt(lab, link, name).map((one) => one.name));
}

/** L4s that balance a service: those that it names, or else the only one of the lab; none where there is no such. */
export function l4sOf(lab: Lab, { l4 }: { l4?: string | string[] | undefined }): string[] {
  const known = balancersOf(lab);
  return [l4 ?? (known.length === 1 ? known : [])].flat();
}

/** Interfaces of a node at one link, with their addresses (CIDR): the one without a tag, and one for each VLAN. */
export function interfacesAt(
  lab: Pick<Lab, 'links'>,
  link: Lab['links'][number],
  name: string,
): { name: string; addresses: string[] }[] {
  const word = wordAt(lab, link, name);
  return [
    { name: word, addresses: untaggedAddresses(link[name]) ?? [] },
    ...[...vlanAddresses(link[name])].map(([vlan, addresses]) => ({ name: trunkInterface(word, vlan), addresses })),
  ];
}

export function serversOf(lab: Lab): string[] {
  return nodesThat(lab, 'serves');
}

export function balancersOf(lab: Lab): string[] {
  return nodesThat(lab, 'balances');
}

function nodesThat(lab: Lab, does: 'serves' | 'balances'): string[] {
  return Object.keys(lab.nodes).filter((name) => ROLES[lab.nodes[name]!.role][does]);
}

/** Addresses that `sourceSeen` stands for where it names a node; null where it says what the judge knows by itself. */
export function namedSources(lab: Lab, sourceSeen: string): string[] | null {
  if (isAddress(sourceSeen) || (SOURCES as readonly string[]).includes(sourceSeen)) return null;
  return nodeAddresses(lab, sourceSeen).map(host);
}
