import { DEFAULT_MTU } from '../scenario/lookup.ts';
import type { DeadEndPlan, InterfacePlan, NodePlan, RoutePlan } from '../terms/plan.ts';
import { ONE_SEGMENT_PER_FRAME } from './one-segment.ts';

/** Lines for `ip -batch` that configure a wired namespace according to the plan; bridges exist already. */
export function ipCommands(node: NodePlan): string[] {
  const lines: string[] = [];
  for (const iface of node.interfaces) {
    const { name, mac, mtu } = iface;
    if (mtu !== undefined) lines.push(`link set dev ${name} mtu ${mtu}`);
    if (name === 'br0') lines.push(`link set dev br0 address ${mac} ${ONE_SEGMENT_PER_FRAME}`);
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

/** Static neighbour entries. The kernel drops them when the interface goes away or changes its MAC. */
export function neighbourCommands({ neighbours = [] }: NodePlan, isUp: (dev: string) => boolean): string[] {
  return neighbours
    .filter(({ dev }) => isUp(dev))
    .map(({ address, dev, mac }) => `neigh replace ${address} lladdr ${mac} dev ${dev} nud permanent`);
}

/** The bridges of a switch: `br0`, or one per VLAN, so that VLANs are isolated and each learns MACs separately. */
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

/** Routes with those next hops whose interface is up: the kernel would reject the others. */
function routeCommands(verb: 'add' | 'replace', node: NodePlan, isUp: (dev: string) => boolean): string[] {
  const { routes, deadEnds = [] } = node;
  const reaching = routes.flatMap((route) => {
    const { via, dev, others = [] } = route;
    const hops = [{ via, dev }, ...others].filter((hop) => isUp(hop.dev));
    if (hops.length === 0) return [];
    if (hops.length === 1 && route.from === undefined) return [`route ${verb} ${route.to} ${hopText(hops[0]!)}`];
    if (hops.length === 1) return [`route ${verb} ${prefixAndTable(node, route)} ${hopText(hops[0]!)}`];
    return [`route ${verb} ${prefixAndTable(node, route)} ${hops.map((hop) => `nexthop ${hopText(hop)}`).join(' ')}`];
  });
  return [...reaching, ...deadEnds.map((end) => `route ${verb} ${end.type} ${prefixAndTable(node, end)}`)];
}

function hopText({ via, dev }: { via: string | null; dev: string }): string {
  return via === null ? `dev ${dev}` : `via ${via} dev ${dev}`;
}

/** Prefix and table of a route; ip(8) cannot always derive the family of `default` from the next hop. */
function prefixAndTable(node: NodePlan, route: RoutePlan | DeadEndPlan): string {
  const { to, from } = route;
  const isV6 = 'via' in route && route.via?.includes(':') === true;
  const prefix = to === 'default' ? (isV6 ? '::/0' : '0.0.0.0/0') : to;
  return from === undefined ? prefix : `${prefix} table ${tableOf(node, from)}`;
}

/** Number of a source's routing table, and priority of its rule: above those used by Linux and the engine. */
function tableOf({ rules = [] }: NodePlan, from: string): number {
  return 1000 + rules.indexOf(from);
}

/** Rules of one family: without the option `-6`, ip(8) assumes IPv4. */
export function ruleCommands(verb: 'add' | 'del', node: NodePlan, family: 4 | 6): string[] {
  return (node.rules ?? [])
    .filter((from) => from.includes(':') === (family === 6))
    .map((from) => `rule ${verb} from ${from} lookup ${tableOf(node, from)} pref ${tableOf(node, from)}`);
}

/** Commands that remove routes outside the main table. */
function tableUndoCommands(node: NodePlan): string[] {
  const { routes, deadEnds = [] } = node;
  return [
    ...routes.filter(({ from }) => from !== undefined).map((route) => `route del ${prefixAndTable(node, route)}`),
    ...deadEnds.map((end) => `route del ${end.type} ${prefixAndTable(node, end)}`),
    ...ruleCommands('del', node, 4),
  ];
}

/**
 * Lines for `ip -batch` that bring interfaces up again: IPv6 addresses and all routes vanished when they went down.
 */
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

/** Lines for `ip -force -batch`, then for `ip -batch`, that change one plan to another; wires stay as they are. */
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
  // Table numbers depend on the rules.
  const renumbered = JSON.stringify(from.rules) !== JSON.stringify(to.rules);
  const stays = new Set(renumbered ? [] : tableUndoCommands(to));
  gone.push(...tableUndoCommands(from).filter((line) => !stays.has(line)));
  const kept = new Set(ofMainTable(to).map((route) => prefixAndTable(to, route)));
  for (const route of ofMainTable(from)) {
    if (!kept.has(prefixAndTable(from, route))) gone.push(`route del ${route.to} ${hopText(route)}`);
  }
  // Removing an address removes routes.
  if (gone.length > 0 || differ) come.push(...routeCommands('replace', to, isUp));
  if (renumbered) come.push(...ruleCommands('add', to, 4));
  if (JSON.stringify(from.neighbours) !== JSON.stringify(to.neighbours)) {
    gone.push(...(from.neighbours ?? []).map(({ address, dev }) => deleteNeighbourLine(address, dev)));
    come.push(...neighbourCommands(to, isUp));
  }
  return { gone, come };
}

/** If the kernel has already dropped the entry, `neigh del` would end the whole batch (exit in ipneigh.c). */
function deleteNeighbourLine(address: string, dev: string): string {
  return `neigh flush to ${address} dev ${dev} nud permanent`;
}

function ofMainTable({ routes }: NodePlan): RoutePlan[] {
  return routes.filter(({ from }) => from === undefined);
}

/** Lines for `ip -batch` that undo `ipCommands`. */
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
  for (const { address, dev } of node.neighbours ?? []) lines.push(deleteNeighbourLine(address, dev));
  lines.push('neigh flush all');
  return lines;
}

function noDad(cidr: string): string {
  return cidr.includes(':') ? ' nodad' : '';
}
