import type { LbConfig } from '../terms/config.ts';
import type { Family } from './family.ts';
import type { Chain, NftMap } from './ruleset.ts';

/**
 * The kernel's map from DSR flows to servers. Conntrack cannot do this: it sees only one direction.
 *
 * Keys are the last 32 bits of both addresses and both ports, as raw bytes, here and wherever all packets pass, because
 * nft checks the protocol again in each rule that names a field. So the same key serves both families, and packets
 * quoted in ICMP errors can be looked up too. Two clients with the same key (IPv6 addresses with equal last 32 bits,
 * and the same port) share a server, which is harmless. nft 1.0 cannot have keys of more than 16 bytes in a map filled
 * by packets.
 */
export interface FlowTable {
  protocol: 'tcp' | 'udp';
  /** Key of a packet toward the VIP. */
  key: string;
  /** Map of live flows. */
  flows: string;
  /** Map of flows whose client has sent FIN or RST: their last packets must not create them again. */
  closing: string | null;
  /** Statement that refreshes a known flow. */
  refresh: string;
  /** Chain for packets of known flows, with the server in `meta mark`. */
  keep: string;
  /** Chain that sends a packet to the server in `meta mark`. */
  forward: string;
}

const DEFAULTS = { limit: 262_144, tcpIdleMs: 900_000, udpIdleMs: 180_000 };
/** How long a TCP flow is kept after its client has sent FIN or RST. */
export const CLOSING_MS = 60_000;
/**
 * For a TCP flow whose client has sent only SYNs: the server may have refused it in a reply that does not pass here. As
 * long as in IPVS (SYN_RECV of net/netfilter/ipvs/ip_vs_proto_tcp.c), and at most as long as an established flow.
 */
const OPENING_MS = 60_000;
/** TCP flags; FIN, SYN and RST are the lowest bits. */
const FLAGS = '@th,104,8';
/** Matches TCP segments without SYN. */
export const NO_SYN = `${FLAGS} & 0x02 == 0`;
/** Positions of source address, destination address and ports, in bits from the network header. */
const KEYS = {
  4: '@nh,96,32 . @nh,128,32 . @nh,160,16 . @nh,176,16',
  6: '@nh,160,32 . @nh,288,32 . @nh,320,16 . @nh,336,16',
};
/** The same in the first fragment of an IPv6 datagram, whose ports follow a fragment header. */
export const FRAGMENT_KEY6 = '@nh,160,32 . @nh,288,32 . @nh,384,16 . @nh,400,16';
/** The same flow in the reply that an ICMP error quotes, in bits from the ICMP header, with the ends swapped. */
export const QUOTED_KEYS = {
  4: '@th,192,32 . @th,160,32 . @th,240,16 . @th,224,16',
  6: '@th,352,32 . @th,224,32 . @th,400,16 . @th,384,16',
};

/** Chain for packets of a family with their server in `meta mark`. */
export function forwardChain(version: 4 | 6): string {
  return `forward${version}`;
}

export function flowTable({ version }: Family, protocol: 'tcp' | 'udp'): FlowTable {
  const key = KEYS[version];
  const flows = `flows.${protocol}${version}`;
  return {
    protocol,
    key,
    flows,
    closing: protocol === 'tcp' ? `closing.tcp${version}` : null,
    refresh: `update @${flows} { ${key} : meta mark }`,
    keep: `keep.${protocol}${version}`,
    forward: forwardChain(version),
  };
}

export function flowMaps(config: LbConfig, table: FlowTable, protocol: 'tcp' | 'udp'): NftMap[] {
  const { limit, tcpIdleMs, udpIdleMs } = { ...DEFAULTS, ...config.flowTable };
  const map = (name: string, timeout: string): NftMap => ({
    name,
    kind: 'map',
    spec: [`typeof ${table.key} : meta mark`, 'flags dynamic,timeout', `timeout ${timeout}`, `size ${limit}`],
    elements: null,
  });
  const idle = map(table.flows, `${protocol === 'tcp' ? tcpIdleMs : udpIdleMs}ms`);
  return table.closing === null ? [idle] : [idle, map(table.closing, `${CLOSING_MS}ms`)];
}

/** Statement that assigns a new flow to the server in `meta mark`; fails if the table is full. */
export function addFlow(table: FlowTable, config: LbConfig): string {
  return `add @${table.flows} ${opened(table, config)}`;
}

/** Element of a new flow. */
function opened({ key, closing }: FlowTable, { flowTable: limits }: LbConfig): string {
  if (closing === null) return `{ ${key} : meta mark }`;
  const idleMs = limits?.tcpIdleMs ?? DEFAULTS.tcpIdleMs;
  return `{ ${key} timeout ${Math.min(OPENING_MS, idleMs)}ms : meta mark }`;
}

/** Chains for packets of known flows, whatever their service. */
export function keepChains(table: FlowTable, config: LbConfig): Chain[] {
  const { key, closing, keep, forward } = table;
  const refresh = [table.refresh, `goto ${forward}`];
  if (closing === null) return [{ name: keep, hook: null, rules: refresh }];
  const closed = {
    name: `closed.${keep}`,
    hook: null,
    rules: [`update @${closing} { ${key} : meta mark }`, `goto ${forward}`],
  };
  const edge = { name: `edge.${keep}`, hook: null, rules: edgeRules(table, config, '', `goto ${forward}`) };
  const rules = [`${FLAGS} & 0x07 != 0 goto ${edge.name}`, ...refresh];
  return [closed, edge, { name: keep, hook: null, rules }];
}

/**
 * Rules for TCP segments with SYN, FIN or RST. `found` matches known flows and stores the server in `meta mark`; `send`
 * sends the segment there.
 */
function edgeRules(table: FlowTable, config: LbConfig, found: string, send: string): string[] {
  const { key, flows, closing } = table;
  return [
    // FIN or RST. Removed early, because closed flows would otherwise fill the table.
    `${FLAGS} & 0x05 != 0 ${found}delete @${flows} { ${key} : meta mark } update @${closing} { ${key} : meta mark } ${send}`,
    // A retransmitted SYN: the flow may have been refused.
    `${found}update @${flows} ${opened(table, config)} ${send}`,
  ];
}

/**
 * Rules that send most packets of known flows with a single rule: the number of rules determines the cost of a packet.
 * `found` as above; `match` excludes other packets; `otherwise` handles the first packet of a TCP flow. Packets that
 * match `first` start a fragmented datagram, and `leave` stores its server for the other fragments. Rules for rare
 * packets belong in `later`.
 */
export function shortCut(
  table: FlowTable,
  config: LbConfig,
  short: { match: string; first: string | null; leave: string; found: string; send: string; otherwise: string[] },
): { rules: string[]; later: string[]; chains: Chain[] } {
  const { protocol, key, flows, closing, refresh } = table;
  const { match, first, leave, found, send, otherwise } = short;
  const edge = { name: `edge.${flows}`, hook: null, rules: [...edgeRules(table, config, found, send), ...otherwise] };
  const closed = {
    name: closedChain(table),
    hook: null,
    rules: [leave, `update @${closing} { ${key} : meta mark } ${send}`],
  };
  const known =
    closing === null
      ? [`${found}${refresh} ${send}`]
      : [`${FLAGS} & 0x07 == 0 ${found}${refresh} ${send}`, `${FLAGS} & 0x07 != 0 jump ${edge.name}`];
  const fragmented = { name: `first.${flows}`, hook: null, rules: [`${found}${leave}`, ...known] };
  return {
    rules: known.map((rule) => `meta l4proto ${protocol} ${match} ${rule}`),
    later: first === null ? [] : [`meta l4proto ${protocol} ${first} jump ${fragmented.name}`],
    chains: [...(closing === null ? [] : [closed, edge]), ...(first === null ? [] : [fragmented])],
  };
}

/** Chain that packets of closed flows jump to after a short cut, possibly with the server in `meta mark`. */
export function closedChain({ flows }: FlowTable): string {
  return `closed.${flows}`;
}
