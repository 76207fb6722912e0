import { BlockList, isIPv6 } from 'node:net';

/** What rendering must know of the host's network namespace. */
export interface HostFacts {
  interfaces: HostInterface[];
  /** Main routing table, without the subnets that `interfaces` already tell of. */
  routes: HostRoute[];
}

export interface HostInterface {
  name: string;
  mac: string;
  /** Bridge that this interface is a port of. */
  master: string | null;
  addresses: { address: string; prefix: number }[];
}

interface HostRoute {
  /** CIDR. */
  to: string;
  dev: string;
}

/** Interface whose own subnet holds the address; null when none does. */
export function onLink(facts: HostFacts, address: string): string | null {
  const subnets = facts.interfaces.flatMap(({ name, addresses }) =>
    addresses.map(({ address: own, prefix }) => ({ to: `${own}/${prefix}`, dev: name })),
  );
  return longestMatch(
    subnets.filter(({ to, dev }) => dev !== 'lo' && !isHostRoute(to)),
    address,
  );
}

/** Interface by which the host reaches the address; null when there is no route. */
export function deviceFor(facts: HostFacts, address: string): string | null {
  return onLink(facts, address) ?? longestMatch(facts.routes, address);
}

/** Interfaces at which frames arrive: ports rather than their bridge, and never `lo`. */
export function ingressDevices(facts: HostFacts): string[] {
  const bridges = new Set(facts.interfaces.map(({ master }) => master));
  return facts.interfaces.filter(({ name }) => name !== 'lo' && !bridges.has(name)).map(({ name }) => name);
}

function isHostRoute(cidr: string): boolean {
  return cidr.endsWith(isIPv6(cidr.split('/')[0]!) ? '/128' : '/32');
}

function longestMatch(routes: HostRoute[], address: string): string | null {
  let best: HostRoute | null = null;
  for (const route of routes) {
    if (covers(route.to, address) && (best === null || prefixOf(route.to) > prefixOf(best.to))) best = route;
  }
  return best?.dev ?? null;
}

function prefixOf(cidr: string): number {
  return Number(cidr.split('/')[1]);
}

function covers(cidr: string, address: string): boolean {
  const [network, prefix] = cidr.split('/') as [string, string];
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  if (isIPv6(address) !== (family === 'ipv6')) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}
