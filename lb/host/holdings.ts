import { isIPv6 } from 'node:net';
import type { LbConfig } from '../terms/config.ts';
import { proxyIps } from '../terms/proxy-ips.ts';
import type { HostFacts } from '../facts/facts.ts';
import { deviceFor, onLink, onLinkNow } from '../facts/facts.ts';
import type { Holding } from '../terms/holding.ts';
import { nextHopMark } from '../terms/next-hops.ts';
import type { Tunnel } from '../terms/tunnel.ts';
import { isMixed, isTunnelName, OUTER_TTL, tunnelMark, tunnelName, tunnelsIn, versionOf } from '../terms/tunnel.ts';

/** What the host must hold for this configuration. */
export function holdingsFor(config: LbConfig, facts: HostFacts): Holding[] {
  return [...addressHoldings(config, facts), ...hopHoldings(config, facts), ...tunnelHoldings(config, facts)];
}

/** A next hop outside all subnets of the host has no route now: its packets use the host's other routes. */
function hopHoldings({ routeServices = [] }: LbConfig, facts: HostFacts): Holding[] {
  const nextHops = [...new Set(routeServices.flatMap((service) => service.nextHops))];
  return nextHops.flatMap((address): Holding[] => {
    const dev = onLinkNow(facts, address);
    const rule: Holding = { kind: 'hop-rule', address, dev: 'lo' };
    return dev === null ? [rule] : [rule, { kind: 'hop-route', address, dev }];
  });
}

/** A server without a route gets no tunnel now, and no packets. An existing device of that name is used unchanged. */
function tunnelHoldings(config: LbConfig, facts: HostFacts): Holding[] {
  const all = tunnelsIn(config).flatMap((tunnel): Holding[] => {
    const { server: address } = tunnel;
    const device = facts.interfaces.find(({ name }) => name === deviceFor(facts, address));
    const sameFamily =
      device?.addresses.filter((one) => isIPv6(one.address) === isIPv6(address) && isUsableSource(one)) ?? [];
    const local = sameFamily.find((one) =>
      onLink({ interfaces: [{ ...device!, addresses: [one] }], routes: [] }, address),
    );
    const from = (local ?? sameFamily[0])?.address;
    if (from === undefined) return [];
    const isThere = (name: string): boolean => facts.tunnels?.includes(name) === true;
    const own = tunnelName(tunnel);
    const shared = tunnelName({ server: address, carries: versionOf(address) });
    const part = isMixed(tunnel) ? 'mixed-tunnel' : 'tunnel';
    const routed = (dev: string): Holding[] => [
      { kind: `${part}-route`, address, dev },
      { kind: `${part}-rule`, address, dev: 'lo' },
    ];
    if (isThere(own)) return routed(own);
    if (!isIPv6(address)) return [{ kind: part, address, dev: own }, ...routed(own)];
    // The kernel allows one device per IPv6 address; it carries both versions (ip6_tnl_locate).
    return [
      ...(isThere(shared) ? [] : [{ kind: 'tunnel', address, dev: shared, local: from } as const]),
      ...routed(shared),
    ];
  });
  return [...new Map(all.map((holding) => [keyOf(holding), holding])).values()];
}

/** Whether the kernel may select the address as source: not a host address such as a VIP, and not link-local. */
function isUsableSource({ address, prefix }: { address: string; prefix: number }): boolean {
  return prefix < (isIPv6(address) ? 128 : 32) && !/^fe[89ab]/.test(address);
}

/**
 * Every VIP and proxy IP on the interface whose subnet contains it, else on `lo` (it is routed to this host). Addresses that
 * the host already has are left alone; with `vipOwner: external`, all of them.
 */
function addressHoldings(config: LbConfig, facts: HostFacts): Holding[] {
  if (config.vipOwner === 'external') return [];
  const present = new Set(facts.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const missing = (addresses: string[]) => [...new Set(addresses)].filter((address) => !present.has(address));
  const vips = missing(config.services.map(({ vip }) => vip));
  const owned = missing(config.services.flatMap(proxyIps));
  if (config.vipOwner) owned.push(...vips.filter((vip) => !owned.includes(vip)));
  const answered = config.vipOwner ? [] : vips.filter((vip) => !owned.includes(vip));
  return [
    ...owned.map((address): Holding => ({ kind: 'address', address, dev: onLink(facts, address) ?? 'lo' })),
    ...answered.flatMap((address): Holding[] => {
      const dev = onLink(facts, address);
      const route: Holding = { kind: 'route', address, dev: 'lo' };
      return dev === null ? [route] : [route, { kind: 'proxy-arp', address, dev }];
    }),
  ];
}

/** The host as it would be without these holdings. */
export function withoutHoldings(facts: HostFacts, owned: Holding[]): HostFacts {
  const isOwned = (dev: string, address: string) =>
    owned.some((holding) => holding.kind === 'address' && holding.dev === dev && holding.address === address);
  // The kernel adds a route for an IPv6 address.
  const toOwned = new Set(
    owned
      .filter(({ kind }) => kind === 'address' || kind === 'route')
      .map(({ address, dev }) => `${hostPrefix(address)} ${dev}`),
  );
  const ownTables = owned.flatMap((holding) => tableOf(holding) ?? []);
  const tables = facts.tables?.filter((table) => !ownTables.includes(table)) ?? [];
  const isForeign = ({ name }: { name: string }) =>
    isTunnelName(name) && !owned.some((holding) => holding.dev === name && isDevice(holding));
  const tunnels = facts.interfaces.filter(isForeign).map(({ name }) => name);
  return {
    ...(tables.length === 0 ? {} : { tables }),
    ...(tunnels.length === 0 ? {} : { tunnels }),
    routes: facts.routes.filter(({ to, dev }) => !toOwned.has(`${to} ${dev}`)),
    interfaces: facts.interfaces
      .filter(({ name }) => !isTunnelName(name))
      .map((link) => ({
        ...link,
        addresses: link.addresses.filter(({ address }) => !isOwned(link.name, address)),
      })),
  };
}

/** Holdings that the host has lost; `former` are its previous interfaces. */
export function lostFrom(facts: HostFacts, owned: Holding[], former: HostFacts): Holding[] {
  return owned.filter((holding) => {
    const { kind, address, dev } = holding;
    const now = facts.interfaces.find(({ name }) => name === dev);
    // The facts contain no rules.
    if (kind === 'hop-rule' || kind === 'tunnel-rule' || kind === 'mixed-tunnel-rule') return false;
    if (isDevice(holding)) return now === undefined;
    const table = tableOf(holding);
    if (table !== null) return facts.tables?.includes(table) !== true;
    if (kind === 'address') return !now?.addresses.some((present) => present.address === address);
    if (kind === 'proxy-arp') return !former.interfaces.some(({ index }) => index === now?.index);
    return !facts.routes.some((route) => route.to === hostPrefix(address) && route.dev === dev);
  });
}

/** Holdings of the first list that the second lacks. */
export function missingFrom(list: Holding[], other: Holding[]): Holding[] {
  const known = new Set(other.map(keyOf));
  return list.filter((holding) => !known.has(keyOf(holding)));
}

function keyOf({ kind, address, dev }: Holding): string {
  return `${kind} ${address} ${dev}`;
}

/** Command of `ip -batch` that adds or deletes a holding and changes nothing else. */
export function holdingCommand(verb: 'add' | 'del', holding: Holding): string {
  const host = hostPrefix(holding.address);
  switch (holding.kind) {
    case 'address':
      // Deprecated, so that the host's own IPv6 traffic, health checks above all, does not come from a VIP.
      return `addr ${verb} ${host} dev ${holding.dev}${verb === 'add' && isIPv6(holding.address) ? ' nodad preferred_lft 0' : ''}`;
    case 'route':
      return `route ${verb} ${host} dev ${holding.dev}`;
    case 'proxy-arp':
      return `neigh ${verb} proxy ${holding.address} dev ${holding.dev}`;
    case 'hop-rule':
      return `rule ${verb} pref ${HOP_RULES} fwmark ${nextHopMark(holding.address)} lookup ${tableOf(holding)}`;
    case 'hop-route':
      // The former route is still there when a next hop moves to another interface.
      return `route ${verb === 'add' ? 'replace' : verb} default via ${holding.address} dev ${holding.dev} table ${tableOf(holding)}`;
    case 'tunnel':
    case 'mixed-tunnel':
      return verb === 'del' ? `link del ${holding.dev}` : tunnelLink(holding).join('\n');
    case 'tunnel-rule':
    case 'mixed-tunnel-rule':
      return `rule ${verb} pref 0 fwmark ${tunnelMark(tunnelOf(holding))} lookup ${tableOf(holding)}`;
    case 'tunnel-route':
    case 'mixed-tunnel-route':
      return `route ${verb === 'add' ? 'replace' : verb} ${tunnelOf(holding).carries === 6 ? '::/0' : '0.0.0.0/0'} dev ${holding.dev} table ${tableOf(holding)}`;
  }
}

/** Lines for one run of ip(8). */
interface Batch {
  flags: string[];
  lines: string[];
  /** Whether these rules must come before the rule for the local table. */
  first: boolean;
}

/**
 * Runs of `ip` that add or delete holdings. A rule for a mark contains no address that shows its family, so IPv6 rules need
 * a separate batch.
 */
export function batches(verb: 'add' | 'del', holdings: Holding[]): Batch[] {
  const batch = (belongs: (holding: Holding) => boolean, flags: string[], first = false): Batch[] => {
    const lines = holdings.filter(belongs).map((holding) => `${holdingCommand(verb, holding)}\n`);
    return lines.length === 0 ? [] : [{ flags, lines, first }];
  };
  const isHop = ({ kind }: Holding): boolean => kind === 'hop-rule';
  const isTunnel = ({ kind }: Holding): boolean => kind === 'tunnel-rule' || kind === 'mixed-tunnel-rule';
  const isOfIpv6 = ({ address }: Holding): boolean => isIPv6(address);
  const carriesIpv6 = (one: Holding): boolean => tunnelOf(one).carries === 6;
  return [
    ...batch((one) => !isTunnel(one) && !(isHop(one) && isOfIpv6(one)), []),
    ...batch((one) => isHop(one) && isOfIpv6(one), ['-6']),
    ...batch((one) => isTunnel(one) && !carriesIpv6(one), [], true),
    ...batch((one) => isTunnel(one) && carriesIpv6(one), ['-6'], true),
  ];
}

/** Priority: after the rule for the local table, so that packets for the host itself arrive; before all others. */
const HOP_RULES = 900;

/** The encapsulating device. It does not fragment outer packets: the host fragments packets before. */
function tunnelLink({ kind, address, dev, local }: Holding): string[] {
  // In IPv4 the kernel selects the source of each packet.
  const type = isIPv6(address)
    ? `ip6tnl mode any remote ${address} local ${local} hoplimit ${OUTER_TTL} encaplimit none`
    : `${kind === 'tunnel' ? 'ipip' : 'sit mode ip6ip'} remote ${address} ttl ${OUTER_TTL}`;
  // No automatic IPv6 address, and so no router solicitations.
  const quiet = kind === 'tunnel' && !isIPv6(address) ? [] : [`link set ${dev} addrgenmode none`];
  return [`link add ${dev} type ${type}`, ...quiet, `link set ${dev} up`];
}

function isDevice({ kind }: Holding): boolean {
  return kind === 'tunnel' || kind === 'mixed-tunnel';
}

/** The tunnel that a holding belongs to. */
function tunnelOf({ kind, address }: Holding): Tunnel {
  const version = versionOf(address);
  const other = version === 4 ? 6 : 4;
  return { server: address, carries: kind.startsWith('mixed-') ? other : version };
}

/** Routing table that a holding is in or refers to; null for other holdings. */
function tableOf(holding: Holding): number | null {
  const { kind, address } = holding;
  if (kind === 'hop-rule' || kind === 'hop-route') return Number(nextHopMark(address));
  return kind.endsWith('tunnel-rule') || kind.endsWith('tunnel-route') ? Number(tunnelMark(tunnelOf(holding))) : null;
}

/** The prefix that contains only this address. */
export function hostPrefix(address: string): string {
  return `${address}/${isIPv6(address) ? '128' : '32'}`;
}
