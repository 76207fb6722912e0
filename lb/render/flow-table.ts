import type { LbConfig } from '../terms/config.ts';
import type { Family } from './family.ts';
import type { Chain, NftMap } from './ruleset.ts';

/**
 * Kernel memory of which server each DSR flow is on. Conntrack cannot do it: it sees one direction only.
 *
 * Keys are the last 32 bits of both addresses and both ports, taken as raw bytes, here and wherever all packets come by:
 * nft looks at the protocol again in each rule that names a field. So the same shape serves both families, and the packet
 * that an ICMP error quotes can be looked up as well. Two clients that share a key (IPv6 addresses alike in their last 32
 * bits, with the same port) share a server, which harms neither. nft 1.0 cannot keep keys of more than 16 bytes in a map
 * that packets fill.
 */
export interface FlowTable {
  protocol: 'tcp' | 'udp';
  /** Key of a packet toward the VIP. */
  key: string;
  /** Map of live flows. */
  flows: string;
  /** Map of flows whose client has sent FIN or RST: their last packets must not revive them. */
  closing: string | null;
  /** Statement that makes a known flow live on. */
  refresh: string;
  /** Chain that a packet of a known flow goes to, its server being in `meta mark`. */
  keep: string;
  /** Chain that sends a packet to the server in `meta mark`. */
  forward: string;
}

const DEFAULTS = { limit: 262_144, tcpIdleMs: 900_000, udpIdleMs: 180_000 };
/** How long a TCP flow whose client has sent FIN or RST is remembered. */
export const CLOSING_MS = 60_000;
/**
 * Of a TCP flow whose client has sent no more than SYNs: the server may have refused it, by an answer that does not come
 * by here. As long as in IPVS (SYN_RECV of net/netfilter/ipvs/ip_vs_proto_tcp.c), and no longer than an open one.
 */
const OPENING_MS = 60_000;
/** FIN, SYN and RST are the lowest bits. */
const FLAGS = '@th,104,8';
/** Match of a TCP segment that does not open a connection. */
export const NO_SYN = `${FLAGS} & 0x02 == 0`;
/** Where source address, destination address and ports are, in bits from the network header. */
const KEYS = {
  4: '@nh,96,32 . @nh,128,32 . @nh,160,16 . @nh,176,16',
  6: '@nh,160,32 . @nh,288,32 . @nh,320,16 . @nh,336,16',
};
/** The same in the first fragment of a datagram of IPv6, whose ports come after a fragment header. */
export const FRAGMENT_KEY6 = '@nh,160,32 . @nh,288,32 . @nh,384,16 . @nh,400,16';
/** The same flow in the reply that an ICMP error quotes, in bits from the ICMP header: all swapped. */
export const QUOTED_KEYS = {
  4: '@th,192,32 . @th,160,32 . @th,240,16 . @th,224,16',
  6: '@th,352,32 . @th,224,32 . @th,400,16 . @th,384,16',
};

/** Chain that packets of a family go to when their server is in `meta mark`. */
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

/** Statement that keeps a new flow on the server in `meta mark`; it fails when the table is full. */
export function addFlow(table: FlowTable, config: LbConfig): string {
  return `add @${table.flows} ${opened(table, config)}`;
}

/** Element of a flow that has just begun. */
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
 * Rules for a TCP segment with SYN, FIN or RST, which `found` matches where its flow is known and leaves the server in
 * `meta mark`, and `send` sends there.
 */
function edgeRules(table: FlowTable, config: LbConfig, found: string, send: string): string[] {
  const { key, flows, closing } = table;
  return [
    // FIN or RST. Forgotten early, since a flow table that keeps closed flows for long is full of them.
    `${FLAGS} & 0x05 != 0 ${found}delete @${flows} { ${key} : meta mark } update @${closing} { ${key} : meta mark } ${send}`,
    // SYN, sent once more: the flow may have been refused before.
    `${found}update @${flows} ${opened(table, config)} ${send}`,
  ];
}

/**
 * Rules that send packets of known flows where most of them go, each by a single rule: what a packet costs is mostly how
 * many it meets. `found` as above; `match` keeps others away; `otherwise` is for the first packet of a TCP flow. What
 * matches `first` begins a datagram whose other fragments have no ports; `leave` leaves its server to them. Rules that few
 * packets need are to come `later`.
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

/** Chain that a packet of a flow that is over, whose server may be in `meta mark`, jumps to where a short cut is. */
export function closedChain({ flows }: FlowTable): string {
  return `closed.${flows}`;
}
