import { BlockList, isIPv6 } from 'node:net';

/** What rendering must know of the host's network namespace. */
export interface HostFacts {
  interfaces: HostInterface[];
  /** Main routing table, without the subnets that `interfaces` already tell of. */
  routes: HostRoute[];
  /** Numbers of other routing tables with a route; absent if there are none. */
  tables?: number[];
  /** Devices of tunnels to servers that another program has made; absent if there are none. */
  tunnels?: string[];
}

export interface HostInterface {
  name: string;
  /** Another one when the interface was removed and made again. */
  index: number;
  /** Empty where it is no Ethernet interface. */
  mac: string;
  /** Bridge that this interface is a port of. */
  master: string | null;
  mtu: number;
  /** Lower interface that its frames pass too, as for a VLAN; absent if there is none. */
  above?: string;
  addresses: { address: string; prefix: number }[];
  /** Absent if it is up. */
  down?: true;
}

interface HostRoute {
  /** CIDR. */
  to: string;
  dev: string;
}

/** Interface whose own subnet holds the address; null when none does. */
export function onLink(facts: HostFacts, address: string): string | null {
  return lookUp(tablesOf(facts).subnets, address);
}

/** Interface that is up and whose own subnet holds the address; null when none does. */
export function onLinkNow({ interfaces }: HostFacts, address: string): string | null {
  return onLink({ interfaces: interfaces.filter(({ down }) => down !== true), routes: [] }, address);
}

/** Subnets (CIDR) of the host's interfaces: their hosts are its neighbours. */
export function subnetsOf({ interfaces }: HostFacts): string[] {
  return interfaces
    .filter(({ name, down }) => name !== 'lo' && down !== true)
    .flatMap(({ addresses }) => addresses.map(({ address, prefix }) => `${address}/${prefix}`))
    .filter((network) => !network.endsWith('/0'));
}

/** Whether a network (CIDR) has all addresses of another one. */
export function containsNetwork(network: string, other: string): boolean {
  const [[address, length], [ofOther, lengthOfOther]] = [network, other].map((text) => text.split('/')) as [
    [string, string],
    [string, string],
  ];
  if (isIPv6(address) !== isIPv6(ofOther) || Number(length) > Number(lengthOfOther)) return false;
  return prefixOf(address, Number(length), '').covers.check(ofOther, isIPv6(ofOther) ? 'ipv6' : 'ipv4');
}

/** Interface by which the host reaches the address; null when there is no route. */
export function deviceFor(facts: HostFacts, address: string): string | null {
  const { subnets, routes, known } = tablesOf(facts);
  const remembered = known.get(address);
  if (remembered !== undefined) return remembered;
  const device = lookUp(subnets, address) ?? lookUp(routes, address);
  known.set(address, device);
  return device;
}

/** Index of an interface that there is. */
export function indexOf(facts: HostFacts, device: string): number {
  return facts.interfaces.find(({ name }) => name === device)!.index;
}

/** Interfaces that have another name than in `former`: that by this. */
export function renamesSince(former: HostFacts, facts: HostFacts): Map<string, string> {
  const names = new Map(facts.interfaces.map(({ index, name }) => [index, name]));
  return new Map(
    former.interfaces.flatMap(({ index, name }) => {
      const now = names.get(index) ?? name;
      return now === name ? [] : [[name, now]];
    }),
  );
}

/** Interfaces at which frames arrive: ports rather than their bridge, and never `lo`. */
export function ingressDevices(facts: HostFacts): string[] {
  const bridges = new Set(facts.interfaces.map(({ master }) => master));
  return facts.interfaces.filter(({ name }) => name !== 'lo' && !bridges.has(name)).map(({ name }) => name);
}

/** Lower interfaces of others: tagged frames on them are handled on the interface of their VLAN. */
export function carriers({ interfaces }: HostFacts): ReadonlySet<string> {
  return new Set(interfaces.flatMap(({ above }) => (above === undefined ? [] : [above])));
}

interface Prefix {
  length: number;
  dev: string;
  family: 'ipv4' | 'ipv6';
  covers: BlockList;
}

/** Prefixes, the longest first, and answers that were given already. */
interface Tables {
  subnets: Prefix[];
  routes: Prefix[];
  known: Map<string, string | null>;
}

const tables = new WeakMap<HostFacts, Tables>();

/** Made once for each state of the host: a large configuration asks thousands of times. */
function tablesOf(facts: HostFacts): Tables {
  const made = tables.get(facts);
  if (made) return made;
  const subnets = facts.interfaces
    .filter(({ name }) => name !== 'lo')
    .flatMap(({ name, addresses }) => addresses.map(({ address, prefix }) => prefixOf(address, prefix, name)))
    .filter(({ length, family }) => length < (family === 'ipv6' ? 128 : 32));
  const routes = facts.routes.map(({ to, dev }) => {
    const [network, length] = to.split('/') as [string, string];
    return prefixOf(network, Number(length), dev);
  });
  const fresh = { subnets: subnets.sort(longestFirst), routes: routes.sort(longestFirst), known: new Map() };
  tables.set(facts, fresh);
  return fresh;
}

function prefixOf(network: string, length: number, dev: string): Prefix {
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const covers = new BlockList();
  covers.addSubnet(network, length, family);
  return { length, dev, family, covers };
}

function longestFirst(a: Prefix, b: Prefix): number {
  return b.length - a.length;
}

function lookUp(prefixes: Prefix[], address: string): string | null {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return prefixes.find((prefix) => prefix.family === family && prefix.covers.check(address, family))?.dev ?? null;
}
