import { didYouMean } from '../did-you-mean.ts';
import { ROLES } from '../terms/role.ts';
import { broadcastOf, contains, host, isAddress, isV6, network } from './address.ts';
import { familyName } from './check-messages.ts';
import { nextHops, nodeAddresses, nodesOfRole, routesOf } from './lab-queries.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from './per-node.ts';
import type { Problem } from './problem.ts';
import type { Lab, NodeSettings } from './schema.ts';
import type { Path } from './yaml-file.ts';

/**
 * Whether the kernel would take every route of a node: its next hop lies in a subnet of the node, and no other route
 * leads to the same network.
 * @param layersOf what is said of a node beyond the lab, the weakest first; nodes of which nothing is said are not looked at
 */
export function checkNextHops(lab: Lab, layersOf: (name: string) => Layer[]): Problem[] {
  return problemsPerNode(Object.keys(lab.nodes), (name) => routeProblems(lab, name, layersOf(name)));
}

function routeProblems(lab: Lab, name: string, layers: Layer[]): NodeProblem[] {
  const settings = Object.assign({}, lab.nodes[name]!, ...layers.map((layer) => layer.settings)) as NodeSettings;
  // A route that was right may have become wrong by a new address.
  const pathTo = (key: 'gateway' | 'routes'): Path | null => pathOf(layers, key) ?? pathOf(layers, 'address');
  const own = settings.address === undefined ? nodeAddresses(lab, name) : [settings.address];
  // The kernel keeps the IPv4 route to a subnet of the node's own in the same place as ours.
  const subnets = own.filter((cidr) => !isV6(cidr)).map(network);
  const before = new Set<string>();
  const dependsOn: Path[] = [...layers.map(({ path }) => path), ['links']];
  const routes = routesOf(settings).map((route, index) => {
    const isGateway = index === (settings.routes ?? []).length;
    return { route, index, written: pathTo(isGateway ? 'gateway' : 'routes') };
  });
  // Those of the lab come first: a scenario is told of its own.
  const inOrder = [...routes.filter(({ written }) => !written), ...routes.filter(({ written }) => written)];
  return inOrder.flatMap(({ route, index, written }): NodeProblem[] => {
    const hops = route.vias.flatMap((via) => nextHops(lab, name, { to: route.to, via }, settings.address));
    const networks = hops.map((hop) => (route.to !== 'default' ? route.to : isV6(hop) ? '::/0' : '0.0.0.0/0'));
    const isSecond = networks.some((net) => before.has(net));
    for (const net of new Set(networks)) before.add(net);
    if (written === null) return [];
    const at = (field: 'to' | 'via'): Path => (written.at(-1) === 'routes' ? [...written, index, field] : written);
    for (const via of route.vias) {
      const hop = { to: route.to, via };
      if (!isNextHop(lab, via)) return [{ path: at('via'), what: unknownHop(lab, via), dependsOn: rolesOf(lab, via) }];
      if (isAmbiguous(lab, name, hop, own))
        return [{ path: at('via'), what: ambiguousHop(lab, via), dependsOn: [...dependsOn, ['nodes']] }];
      if (nextHops(lab, name, hop, settings.address).length === 0)
        return [{ path: at('via'), what: unreachable(hop), dependsOn }];
    }
    const again = hops.find((hop, i) => hops.indexOf(hop) < i);
    if (again !== undefined) return [{ path: at('via'), what: `${again} is given twice`, dependsOn }];
    const [noHost] = hops.flatMap((hop) => notANeighbour(hop, own) ?? []);
    if (noHost !== undefined) return [{ path: at('via'), what: noHost, dependsOn }];
    if (subnets.includes(route.to))
      return [{ path: at('to'), what: `${route.to} is a subnet of NODES itself`, dependsOn }];
    return isSecond ? [{ path: at('to'), what: `another route of NODES leads to ${route.to}`, dependsOn }] : [];
  });
}

/** Whether a word is an address, a node or a role that a node has. */
function isNextHop(lab: Lab, via: string): boolean {
  return isAddress(via) || Object.entries(lab.nodes).some(([name, { role }]) => name === via || role === via);
}

function unknownHop(lab: Lab, via: string): string {
  const known = Object.entries(lab.nodes).flatMap(([name, { role }]) => [name, role]);
  return `\`${via}\` is neither the name nor the role of a node${didYouMean(via, known)}`;
}

/** What decides whether a word is a next hop. */
function rolesOf(lab: Lab, via: string): Path[] {
  const roles = Object.hasOwn(ROLES, via) ? Object.keys(lab.nodes).map((name) => ['nodes', name, 'role']) : [];
  return [['nodes', via], ...roles];
}

/** Whether a role stands for several neighbours of a node, of one address family. */
function isAmbiguous(
  lab: Lab,
  name: string,
  { to, via }: { to: string; via: string },
  own: readonly string[],
): boolean {
  const subnets = own.map(network);
  const meant = nodesOfRole(lab, via).filter((other) => other !== name);
  return [false, true].some((v6) => {
    const isHop = (cidr: string): boolean => isV6(cidr) === v6 && subnets.some((net) => contains(net, host(cidr)));
    const isAsked = to === 'default' || isV6(to) === v6;
    return isAsked && meant.filter((other) => nodeAddresses(lab, other).some(isHop)).length > 1;
  });
}

function ambiguousHop(lab: Lab, role: string): string {
  return `\`${role}\` is the role of several neighbours of NODES; name one of ${nodesOfRole(lab, role).join(', ')}`;
}

function unreachable({ to, via }: { to: string; via: string }): string {
  if (isAddress(via)) return `${via} is in no subnet of NODES`;
  const family = to === 'default' ? '' : `${familyName(isV6(to))} `;
  return `${via} has no ${family}address in a subnet of NODES`;
}

/**
 * Why the kernel takes an address for no next hop of a node; null where it does. Kernels before 5.14 refuse the network
 * address as well (RFC 1122, 3.3.6).
 */
function notANeighbour(hop: string, own: readonly string[]): string | null {
  if (own.some((cidr) => host(cidr) === hop)) return `${hop} is an address of NODES itself`;
  const subnets = own.filter((cidr) => broadcastOf(cidr) !== null);
  const ends = subnets.find((cidr) => broadcastOf(cidr) === hop);
  if (ends !== undefined) return `${hop} is the broadcast address of ${network(ends)}`;
  const begins = subnets.find((cidr) => host(network(cidr)) === hop);
  return begins === undefined ? null : `${hop} is the address of the network ${network(begins)} itself`;
}
