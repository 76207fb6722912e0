import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { isDirect } from '../terms/mode.ts';
import type { DeadEndPlan, InterfacePlan, NodePlan, RoutePlan } from '../terms/plan.ts';
import { filterTable } from './filter-table.ts';
import { natTable } from './nat-table.ts';
import { ONE_SEGMENT_A_FRAME } from './one-segment.ts';
import { lengthRules } from './trunk.ts';

/** Lines for `ip -batch` that bring a wired namespace, in which a bridge exists already, to what the plan says. */
export function ipCommands(node: NodePlan): string[] {
  const lines: string[] = [];
  for (const iface of node.interfaces) {
    const { name, mac, mtu } = iface;
    if (mtu !== undefined) lines.push(`link set dev ${name} mtu ${mtu}`);
    if (name === 'br0') lines.push(`link set dev br0 address ${mac} ${ONE_SEGMENT_A_FRAME}`);
    if (isPort(node, iface)) lines.push(`link set dev ${name} master ${bridgeOf(iface)}`);
  }
  for (const bridge of bridgesOf(node)) lines.push(`link set dev ${bridge} up`);
  for (const { name, addresses, up } of node.interfaces) {
    for (const cidr of addresses) lines.push(`addr add ${cidr} dev ${name}${noDad(cidr)}`);
    lines.push(`link set dev ${name} ${up === false ? 'down' : 'up'}`);
  }
  for (const cidr of node.loopback) lines.push(`addr add ${cidr} dev lo${noDad(cidr)}`);
  const isUp = (dev: string): boolean => node.interfaces.find(({ name }) => name === dev)?.up !== false;
  return [
    ...lines,
    ...routeCommands('add', node, isUp),
    ...ruleCommands('add', node, 4),
    ...neighbourCommands(node, isUp),
  ];
}

/** Entries of the neighbour table that are set by hand. The kernel forgets them with the interface, or its MAC. */
export function neighbourCommands({ neighbours = [] }: NodePlan, isUp: (dev: string) => boolean): string[] {
  return neighbours
    .filter(({ dev }) => isUp(dev))
    .map(({ address, dev, mac }) => `neigh replace ${address} lladdr ${mac} dev ${dev} nud permanent`);
}

/** The bridges of a switch: `br0`, or one for each VLAN, so that no VLAN hears another one and each learns MACs by itself. */
export function bridgesOf(node: NodePlan): string[] {
  if (!node.bridge) return [];
  const bridges = new Set(node.interfaces.filter((iface) => isPort(node, iface)).map(bridgeOf));
  return bridges.size === 0 ? ['br0'] : [...bridges];
}

function isPort({ bridge }: NodePlan, { peer, closed }: InterfacePlan): boolean {
  return bridge && peer !== '' && closed !== true;
}

function bridgeOf({ vlan }: InterfacePlan): string {
  return vlan === undefined ? 'br0' : `br0.${vlan}`;
}

/** Routes by those of their next hops that are behind an interface which is up: the kernel would refuse the others. */
function routeCommands(verb: 'add' | 'replace', node: NodePlan, isUp: (dev: string) => boolean): string[] {
  const { routes, deadEnds = [] } = node;
  const reaching = routes.flatMap((route) => {
    const { via, dev, others = [] } = route;
    const hops = [{ via, dev }, ...others].filter((hop) => isUp(hop.dev));
    if (hops.length === 0) return [];
    if (hops.length === 1 && route.from === undefined) return [`route ${verb} ${route.to} ${hopText(hops[0]!)}`];
    if (hops.length === 1) return [`route ${verb} ${placeOf(node, route)} ${hopText(hops[0]!)}`];
    return [`route ${verb} ${placeOf(node, route)} ${hops.map((hop) => `nexthop ${hopText(hop)}`).join(' ')}`];
  });
  return [...reaching, ...deadEnds.map((end) => `route ${verb} ${end.type} ${placeOf(node, end)}`)];
}

function hopText({ via, dev }: { via: string | null; dev: string }): string {
  return via === null ? `dev ${dev}` : `via ${via} dev ${dev}`;
}

/** Prefix and table of a route; ip(8) does not always look at next hops to know which default is meant. */
function placeOf(node: NodePlan, route: RoutePlan | DeadEndPlan): string {
  const { to, from } = route;
  const isV6 = 'via' in route && route.via?.includes(':') === true;
  const prefix = to === 'default' ? (isV6 ? '::/0' : '0.0.0.0/0') : to;
  return from === undefined ? prefix : `${prefix} table ${tableOf(node, from)}`;
}

/** Number of the table of a source, and of the rule that leads there: beyond those that Linux and the engine use. */
function tableOf({ rules = [] }: NodePlan, from: string): number {
  return 1000 + rules.indexOf(from);
}

/** Rules of one family: without its number as an option of its own, ip(8) takes each for one of IPv4. */
export function ruleCommands(verb: 'add' | 'del', node: NodePlan, family: 4 | 6): string[] {
  return (node.rules ?? [])
    .filter((from) => from.includes(':') === (family === 6))
    .map((from) => `rule ${verb} from ${from} lookup ${tableOf(node, from)} pref ${tableOf(node, from)}`);
}

/** What takes routes outside of the main table away. */
function tableUndoCommands(node: NodePlan): string[] {
  const { routes, deadEnds = [] } = node;
  return [
    ...routes.filter(({ from }) => from !== undefined).map((route) => `route del ${placeOf(node, route)}`),
    ...deadEnds.map((end) => `route del ${end.type} ${placeOf(node, end)}`),
    ...ruleCommands('del', node, 4),
  ];
}

/** Lines for `ip -batch` that bring interfaces up again: addresses of IPv6, and routes, have gone when they went down. */
export function linkUpCommands(node: NodePlan, ifaces: string[], isUp: (dev: string) => boolean): string[] {
  const links = node.interfaces.filter(({ name }) => ifaces.includes(name));
  return [
    ...links.map(({ name }) => `link set dev ${name} up`),
    ...links.flatMap(({ name, addresses }) =>
      addresses.map((cidr) => `addr replace ${cidr} dev ${name}${noDad(cidr)}`),
    ),
    ...routeCommands('replace', node, isUp),
    ...neighbourCommands(node, isUp),
  ];
}

/** Lines for `ip -force -batch`, and then for `ip -batch`, that go from one plan to another; wires are left as they are. */
export function ipChangeCommands(
  from: NodePlan,
  to: NodePlan,
  isUp: (dev: string) => boolean,
): { gone: string[]; come: string[] } {
  const gone: string[] = [];
  const come: string[] = [];
  const addressesOf = (node: NodePlan): Map<string, string> =>
    new Map([
      ...node.interfaces.flatMap(({ name, addresses }) =>
        addresses.map((cidr) => [`${cidr} dev ${name}`, cidr] as const),
      ),
      ...node.loopback.map((cidr) => [`${cidr} dev lo`, cidr] as const),
    ]);
  const before = addressesOf(from);
  const after = addressesOf(to);
  for (const at of before.keys()) if (!after.has(at)) gone.push(`addr del ${at}`);
  for (const [at, cidr] of after) if (!before.has(at)) come.push(`addr add ${at}${noDad(cidr)}`);
  for (const { name, mtu = DEFAULT_MTU } of to.interfaces) {
    const former = from.interfaces.find((one) => one.name === name)?.mtu ?? DEFAULT_MTU;
    if (former !== mtu) come.push(`link set dev ${name} mtu ${mtu}`);
  }
  const tables = ({ routes, deadEnds, rules }: NodePlan): string => JSON.stringify([routes, deadEnds, rules]);
  const differ = tables(from) !== tables(to);
  // Tables are numbered by their rules.
  const renumbered = JSON.stringify(from.rules) !== JSON.stringify(to.rules);
  const stays = new Set(renumbered ? [] : tableUndoCommands(to));
  gone.push(...tableUndoCommands(from).filter((line) => !stays.has(line)));
  const kept = new Set(ofMainTable(to).map((route) => placeOf(to, route)));
  for (const route of ofMainTable(from)) {
    if (!kept.has(placeOf(from, route))) gone.push(`route del ${route.to} ${hopText(route)}`);
  }
  // An address takes routes with it.
  if (gone.length > 0 || differ) come.push(...routeCommands('replace', to, isUp));
  if (renumbered) come.push(...ruleCommands('add', to, 4));
  if (JSON.stringify(from.neighbours) !== JSON.stringify(to.neighbours)) {
    gone.push(...(from.neighbours ?? []).map(({ address, dev }) => forgetLine(address, dev)));
    come.push(...neighbourCommands(to, isUp));
  }
  return { gone, come };
}

/** Where the kernel has forgotten the entry already, `neigh del` would end the whole batch (exit in ipneigh.c). */
function forgetLine(address: string, dev: string): string {
  return `neigh flush to ${address} dev ${dev} nud permanent`;
}

function ofMainTable({ routes }: NodePlan): RoutePlan[] {
  return routes.filter(({ from }) => from === undefined);
}

/** Lines for `ip -batch` that take all of it away again. */
export function ipUndoCommands(node: NodePlan): string[] {
  const lines = [...tableUndoCommands(node), ...node.loopback.map((cidr) => `addr del ${cidr} dev lo`)];
  for (const iface of node.interfaces) {
    const { name, mtu, addresses, up } = iface;
    if (name !== 'br0' && addresses.length > 0) lines.push(`addr flush dev ${name}`);
    if (isPort(node, iface)) lines.push(`link set dev ${name} nomaster`);
    if (mtu !== undefined) lines.push(`link set dev ${name} mtu ${DEFAULT_MTU}`);
    if (up === false) lines.push(`link set dev ${name} up`);
  }
  for (const bridge of bridgesOf(node)) lines.push(`link del ${bridge}`);
  for (const { address, dev } of node.neighbours ?? []) lines.push(forgetLine(address, dev));
  lines.push('neigh flush all');
  return lines;
}

/** Tables of nftables that a node's plan makes, by family and name. @param beneath devices beneath trunks with tags */
export function tablesOf(node: NodePlan, beneath: string[] = []): Record<string, string> {
  const idle = idleRules(node);
  const lengths = lengthRules(node, beneath);
  return {
    ...(lengths === null ? {} : { 'netdev l4lab_lengths': lengths }),
    ...(node.filter === undefined ? {} : { 'inet l4lab_filter': filterTable(node.filter) }),
    ...(node.firewall === 'stateful' ? { 'inet l4lab_firewall': firewallRules(node) } : {}),
    ...(node.nat === undefined ? {} : { 'inet l4lab_nat': natTable(node.nat) }),
    ...(idle === null ? {} : { 'inet l4lab_idle': idle }),
    ...(node.undoDscp === undefined ? {} : { 'netdev l4lab_undo_dscp': undoDscpRules(node) }),
  };
}

/** Whether a node's own rules make its kernel track connections; a load balancer's are not among them. */
export function tracksConnections(node: NodePlan): boolean {
  return node.firewall === 'stateful' || node.nat !== undefined || idleRules(node) !== null;
}

/** A TCP segment of a connection that conntrack does not know, and that begins none. */
const UNBEGUN = 'tcp flags & (syn|rst) == 0 ct state new counter name unbegun';

/** A stateful firewall on forwarded packets: strict TCP tracking, invalid packets are dropped. */
function firewallRules(node: NodePlan): string {
  return `table inet l4lab_firewall {
  counter invalid {}
  counter unbegun {}
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state invalid counter name invalid drop
    ${UNBEGUN} ${onIdle(node)}
  }
}
`;
}

/**
 * A load balancer that forgets connections takes what comes of one for nothing that it may send on: the kernel alone
 * would begin it anew, on whichever server. Null where it keeps none, or keeps them for as long as the kernel does.
 */
function idleRules(node: NodePlan): string | null {
  const services = node.balancer?.config.services.filter((service) => !isDirect(service)) ?? [];
  if (node.idleTimeoutMs === undefined || services.length === 0) return null;
  const ends = services.flatMap(({ vip, port, servers }) => [
    `${family(vip)} daddr ${vip} tcp dport ${port}`,
    ...servers.map((server) => `${family(server.address)} saddr ${server.address} tcp sport ${server.port ?? port}`),
  ]);
  return `table inet l4lab_idle {
  counter unbegun {}
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    ${[...new Set(ends)].map((end) => `${end} ${UNBEGUN} ${onIdle(node)}`).join('\n    ')}
  }
}
`;
}

function onIdle(node: NodePlan): string {
  return node.onIdle === 'reset' ? 'reject with tcp reset' : 'drop';
}

function family(address: string): 'ip' | 'ip6' {
  return address.includes(':') ? 'ip6' : 'ip';
}

/** Settings by which a node forgets connections, which the kernel has once something tracks them; it reckons in seconds. */
export function conntrackSysctls({ idleTimeoutMs }: NodePlan): Record<string, string> {
  if (idleTimeoutMs === undefined) return {};
  const names = ['tcp_timeout_established', 'udp_timeout', 'udp_timeout_stream'];
  const seconds = String(Math.ceil(idleTimeoutMs / 1000));
  return Object.fromEntries(names.map((name) => [`net/netfilter/nf_conntrack_${name}`, seconds]));
}

/** All other settings of a node: those of its plan, and what its ages and routes mean. */
export function sysctlsOf(node: NodePlan): Record<string, string> {
  return { ...node.sysctls, ...neighbourSysctls(node), ...multipathSysctls(node) };
}

/**
 * The kernel takes a neighbour to be there for half to one and a half of a base time, chosen by chance; asks it, once it is
 * needed again, three times before it gives it up (retrans_time_ms), and asks everybody for the next packet.
 */
function neighbourSysctls({ interfaces, neighbourAgeMs, sysctls }: NodePlan): Record<string, string> {
  if (neighbourAgeMs === undefined) return {};
  const base = String(Math.ceil((neighbourAgeMs * 2) / 3));
  const versions = Object.keys(sysctls).some((path) => path.startsWith('net/ipv6/neigh/')) ? [4, 6] : [4];
  return Object.fromEntries(
    versions.flatMap((version) =>
      interfaces.flatMap(({ name }) => [
        [`net/ipv${version}/neigh/${name}/base_reachable_time_ms`, base],
        // Between `not known for sure` and asking.
        [`net/ipv${version}/neigh/${name}/delay_first_probe_time`, '0'],
      ]),
    ),
  );
}

/** Flows with different ports of one client take different routes as well. */
function multipathSysctls({ routes }: NodePlan): Record<string, string> {
  const several = routes.filter(({ others }) => others !== undefined);
  return Object.fromEntries(
    several.map(({ via }) => [`net/${via?.includes(':') ? 'ipv6' : 'ipv4'}/fib_multipath_hash_policy`, '1']),
  );
}

/** What `ip link … type bridge` says of ages. @param macAgeMs 300 s by default */
export function bridgeAge(macAgeMs = 300_000): string {
  return `ageing_time ${Math.round(macAgeMs / 10)}`;
}

/** l3dsr: turns a DSCP value into its VIP at ingress, so that the node's own stack gets what the client sent. */
function undoDscpRules({ interfaces, undoDscp = [] }: NodePlan): string {
  const rules = undoDscp.map(({ dscp, address, vip }) => {
    const ip = address.includes(':') ? 'ip6' : 'ip';
    return `${ip} dscp ${dscp} ${ip} daddr ${address} ${ip} daddr set ${vip} ${ip} dscp set 0`;
  });
  const devices = interfaces.map(({ name }) => `"${name}"`).join(', ');
  return `table netdev l4lab_undo_dscp {
  chain ingress {
    type filter hook ingress devices = { ${devices} } priority filter;
    ${rules.join('\n    ')}
  }
}
`;
}

function noDad(cidr: string): string {
  return cidr.includes(':') ? ' nodad' : '';
}
