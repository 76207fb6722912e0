import { isIPv6 } from 'node:net';
import type { LbConfig } from '../terms/config.ts';
import { proxyIps } from '../terms/config-rules.ts';
import type { HostFacts } from '../terms/facts.ts';
import { onLink, onLinkNow } from '../terms/facts.ts';
import type { Holding } from '../terms/holding.ts';
import { nextHopMark } from '../terms/next-hops.ts';

/** What the host must hold for this configuration. */
export function holdingsFor(config: LbConfig, facts: HostFacts): Holding[] {
  return [...addressHoldings(config, facts), ...hopHoldings(config, facts)];
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
  // An address of IPv6 brings a route with it.
  const toOwned = new Set(
    owned
      .filter(({ kind }) => kind === 'address' || kind === 'route')
      .map(({ address, dev }) => `${hostPrefix(address)} ${dev}`),
  );
  const hopTables = owned.filter(({ kind }) => kind === 'hop-route').map(({ address }) => tableOf(address));
  const tables = facts.tables?.filter((table) => !hopTables.includes(table)) ?? [];
  return {
    ...(tables.length === 0 ? {} : { tables }),
    routes: facts.routes.filter(({ to, dev }) => !toOwned.has(`${to} ${dev}`)),
    interfaces: facts.interfaces.map((link) => ({
      ...link,
      addresses: link.addresses.filter(({ address }) => !isOwned(link.name, address)),
    })),
  };
}

/** Holdings that are in the host no more; `former` is how its interfaces were. */
export function lostFrom(facts: HostFacts, owned: Holding[], former: HostFacts): Holding[] {
  return owned.filter(({ kind, address, dev }) => {
    const now = facts.interfaces.find(({ name }) => name === dev);
    // The facts contain no rules.
    if (kind === 'hop-rule') return false;
    if (kind === 'hop-route') return facts.tables?.includes(tableOf(address)) !== true;
    if (kind === 'address') return !now?.addresses.some((present) => present.address === address);
    if (kind === 'proxy-arp') return !former.interfaces.some(({ index }) => index === now?.index);
    return !facts.routes.some((route) => route.to === hostPrefix(address) && route.dev === dev);
  });
}

/** Holdings of the first list that the second lacks. */
export function missingFrom(list: Holding[], other: Holding[]): Holding[] {
  const key = ({ kind, address, dev }: Holding) => `${kind} ${address} ${dev}`;
  const known = new Set(other.map(key));
  return list.filter((holding) => !known.has(key(holding)));
}

/** Command of `ip -batch` that adds (or deletes) a holding; only what is named there is touched. */
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
      return `rule ${verb} pref ${HOP_RULES} fwmark ${nextHopMark(holding.address)} lookup ${tableOf(holding.address)}`;
    case 'hop-route':
      // The former route is still there when a next hop moves to another interface.
      return `route ${verb === 'add' ? 'replace' : verb} default via ${holding.address} dev ${holding.dev} table ${tableOf(holding.address)}`;
  }
}

/**
 * What `ip` is run with to add or delete holdings. A rule for a mark contains no address that shows its family, so rules of
 * IPv6 are a batch of their own.
 */
export function batches(verb: 'add' | 'del', holdings: Holding[]): { flags: string[]; text: string }[] {
  const isRuleOfIpv6 = ({ kind, address }: Holding): boolean => kind === 'hop-rule' && isIPv6(address);
  return [
    { flags: [], here: holdings.filter((holding) => !isRuleOfIpv6(holding)) },
    { flags: ['-6'], here: holdings.filter(isRuleOfIpv6) },
  ].flatMap(({ flags, here }) =>
    here.length === 0 ? [] : [{ flags, text: here.map((holding) => `${holdingCommand(verb, holding)}\n`).join('') }],
  );
}

/** Priority: before all other rules except that of the local table, so that packets for the host itself arrive. */
const HOP_RULES = 900;

function tableOf(nextHop: string): number {
  return Number(nextHopMark(nextHop));
}

/** The address alone, as a prefix. */
export function hostPrefix(address: string): string {
  return `${address}/${isIPv6(address) ? '128' : '32'}`;
}
