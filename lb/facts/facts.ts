import { BlockList, isIPv6 } from 'node:net';

/** Facts of the host's network namespace that rendering needs. */
export interface HostFacts {
  interfaces: HostInterface[];
  /** Main routing table, without the subnets of `interfaces`. */
  routes: HostRoute[];
  /** Numbers of other routing tables with a route; absent if there are none. */
  tables?: number[];
  /** Devices of tunnels to servers that another program has made; absent if there are none. */
  tunnels?: string[];
}

export interface HostInterface {
  name: string;
  /** Changes when the interface is removed and created again. */
  index: number;
  /** Empty if it is not an Ethernet interface. */
  mac: string;
  /** Bridge that this interface is a port of. */
  master: string | null;
  mtu: number;
  /** Lower interface, for example of a VLAN interface; absent if there is none. */
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

/** Interface whose own subnet contains the address; null if none does. */
export function onLink(facts: HostFacts, address: string): string | null {
  return lookUp(tablesOf(facts).subnets, address);
}

/** Interface that is up and whose own subnet contains the address; null if none does. */
export function onLinkNow({ interfaces }: HostFacts, address: string): string | null {
  return onLink({ interfaces: interfaces.filter(({ down }) => down !== true), routes: [] }, address);
}

/** Subnets (CIDR) of the host's interfaces. */
export function subnetsOf({ interfaces }: HostFacts): string[] {
  return interfaces
    .filter(({ name, down }) => name !== 'lo' && down !== true)
    .flatMap(({ addresses }) => addresses.map(({ address, prefix }) => `${address}/${prefix}`))
    .filter((network) => !network.endsWith('/0'));
}

/** Whether a network (CIDR) contains another one. */
export function containsNetwork(network: string, other: string): boolean {
  const [[address, length], [ofOther, lengthOfOther]] = [network, other].map((text) => text.split('/')) as [
    [string, string],
    [string, string],
  ];
  if (isIPv6(address) !== isIPv6(ofOther) || Number(length) > Number(lengthOfOther)) return false;
  return prefixOf(address, Number(length), '').covers.check(ofOther, isIPv6(ofOther) ? 'ipv6' : 'ipv4');
}

/** Interface that the host's route to the address uses; null without a route. */
export function deviceFor(facts: HostFacts, address: string): string | null {
  const { subnets, routes, known } = tablesOf(facts);
  const remembered = known.get(address);
  if (remembered !== undefined) return remembered;
  const device = lookUp(subnets, address) ?? lookUp(routes, address);
  known.set(address, device);
  return device;
}

/** Index of an existing interface. */
export function indexOf(facts: HostFacts, device: string): number {
  return facts.interfaces.find(({ name }) => name === device)!.index;
}

/** Interfaces renamed since `former`: new name by old name. */
export function renamesSince(former: HostFacts, facts: HostFacts): Map<string, string> {
  const names = new Map(facts.interfaces.map(({ index, name }) => [index, name]));
  return new Map(
    former.interfaces.flatMap(({ index, name }) => {
      const now = names.get(index) ?? name;
      return now === name ? [] : [[name, now]];
    }),
  );
}

/** Interfaces where frames arrive: bridge ports instead of their bridge, never `lo`. */
export function ingressDevices(facts: HostFacts): string[] {
  const bridges = new Set(facts.interfaces.map(({ master }) => master));
  return facts.interfaces.filter(({ name }) => name !== 'lo' && !bridges.has(name)).map(({ name }) => name);
}

/** Lower interfaces of VLANs: their tagged frames are handled on the VLAN interface. */
export function carriers({ interfaces }: HostFacts): ReadonlySet<string> {
  return new Set(interfaces.flatMap(({ above }) => (above === undefined ? [] : [above])));
}

interface Prefix {
  length: number;
  dev: string;
  family: 'ipv4' | 'ipv6';
  covers: BlockList;
}

/** Prefixes, longest first, and cached results. */
interface Tables {
  subnets: Prefix[];
  routes: Prefix[];
  known: Map<string, string | null>;
}

const tables = new WeakMap<HostFacts, Tables>();

/** Built once per state of the host: a large configuration makes thousands of lookups. */
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
