import { didYouMean } from '../../did-you-mean.ts';
import { ROLES } from '../../terms/role.ts';
import { broadcastOf, contains, host, isAddress, isV6, network } from '../address.ts';
import { familyName } from './check-messages.ts';
import { linkNames, nextHops, nodeAddresses, nodesOfRole, routesOf, type RouteSettings } from '../lab-queries.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import type { Lab, NodeSettings, ScenarioFile } from '../schema.ts';
import { isCidr } from '../schema-values.ts';
import type { Path } from '../yaml-file.ts';

/**
 * Checks that the kernel would accept every route of a node: the next hop is in a subnet of the node, and no other
 * route has the same destination.
 * @param layersOf settings of a node beyond the lab, lowest priority first; skips nodes without any
 */
export function checkNextHops(
  lab: Lab,
  layersOf: (name: string) => Layer[],
  services: ScenarioFile['services'],
): Problem[] {
  const problemsOf = (name: string): NodeProblem[] =>
    routeProblems({ lab, services }, { name, layers: layersOf(name) });
  return problemsPerNode(Object.keys(lab.nodes), problemsOf);
}

function routeProblems(
  { lab, services }: { lab: Lab; services: ScenarioFile['services'] },
  { name, layers }: { name: string; layers: Layer[] },
): NodeProblem[] {
  const { role, bridge } = lab.nodes[name]!;
  // A switch without an address has no routes, which is reported elsewhere.
  if (ROLES[role].switches && typeof bridge !== 'string') return [];
  const settings = Object.assign({}, lab.nodes[name]!, ...layers.map((layer) => layer.settings)) as NodeSettings;
  // A new address may invalidate an existing route.
  const pathTo = (key: 'gateway' | 'routes'): Path | null => pathOf(layers, key) ?? pathOf(layers, 'address');
  const own = settings.address === undefined ? nodeAddresses(lab, name) : [settings.address];
  // The kernel's IPv4 route to the node's own subnet has the same key as ours.
  const subnets = own.filter((cidr) => !isV6(cidr)).map(network);
  const before = new Set<string>();
  const dependsOn: Path[] = [...layers.map(({ path }) => path), ['links']];
  const routes = routesOf(settings, services).map((route, index) => {
    const isGateway = index === (settings.routes ?? []).length;
    return { route, index, written: pathTo(isGateway ? 'gateway' : 'routes') };
  });
  // The lab's routes first, so that conflicts are reported for the scenario's.
  const inOrder = [...routes.filter(({ written }) => !written), ...routes.filter(({ written }) => written)];
  return inOrder.flatMap(({ route, index, written }): NodeProblem[] => {
    const { to, from } = route;
    const hops = route.vias.flatMap((via) => nextHops(lab, name, { to, from, via }, settings.address));
    const families =
      route.vias.length > 0 ? hops : own.filter((cidr) => from === undefined || isV6(cidr) === isV6(from));
    const networks = families.map((one) => (to !== 'default' ? to : isV6(one) ? '::/0' : '0.0.0.0/0'));
    const places = networks.map((net) => `${from ?? ''} ${net}`);
    const isSecond = places.some((place) => before.has(place));
    for (const place of places) before.add(place);
    if (written === null) return [];
    const at = (field: 'to' | 'via' | 'from'): Path =>
      written.at(-1) === 'routes' ? [...written, index, field] : written;
    const [strange] = (
      [
        ['from', from],
        ['to', to],
      ] as const
    ).flatMap(([field, text]) => (text === undefined || text === 'default' || isCidr(text) ? [] : [{ field, text }]));
    if (strange !== undefined) {
      const { field, text } = strange;
      return [{ path: at(field), what: strangeEnd(text, Object.keys(services)), dependsOn: [['services', text]] }];
    }
    const misfit = misfitOf(route, own);
    if (misfit !== null) return [{ path: at(misfit.field), what: misfit.what, dependsOn }];
    for (const via of route.vias) {
      const hop = { to, from, via };
      if (!isNextHop(lab, name, via))
        return [{ path: at('via'), what: unknownHop(lab, name, via), dependsOn: rolesOf(lab, via) }];
      if (isAmbiguous(lab, name, hop, own))
        return [{ path: at('via'), what: ambiguousHop(lab, via), dependsOn: [...dependsOn, ['nodes']] }];
      if (nextHops(lab, name, hop, settings.address).length === 0)
        return [{ path: at('via'), what: unreachable(hop), dependsOn }];
    }
    const again = hops.find((hop, i) => hops.indexOf(hop) < i);
    if (again !== undefined) return [{ path: at('via'), what: `${again} is given twice`, dependsOn }];
    const [noHost] = hops.flatMap((hop) => notANeighbour(hop, own) ?? []);
    if (noHost !== undefined) return [{ path: at('via'), what: noHost, dependsOn }];
    if (subnets.includes(to) && from === undefined)
      return [{ path: at('to'), what: `${to} is a subnet of NODES itself`, dependsOn }];
    const sources = from === undefined ? '' : ` for packets from ${from}`;
    const instead = route.type === undefined ? '; for several next hops write `via: [A, B]`' : '';
    const what = `another route of NODES leads to ${to}${sources}${instead}`;
    return isSecond ? [{ path: at('to'), what, dependsOn }] : [];
  });
}

function strangeEnd(text: string, services: string[]): string {
  return `\`${text}\` is not a network, an address or a service${didYouMean(text, ['default', ...services])}`;
}

/** Contradictions within a route, or with the addresses of its node. */
function misfitOf(
  { to, from, vias, type }: RouteSettings,
  own: readonly string[],
): { field: 'to' | 'via' | 'from'; what: string } | null {
  const has = (net: string): boolean => own.some((cidr) => isV6(cidr) === isV6(net));
  if (from !== undefined && to !== 'default' && isV6(from) !== isV6(to))
    return { field: 'from', what: `${from} is ${familyName(isV6(from))}, and ${to} is ${familyName(isV6(to))}` };
  if (type !== undefined && vias.length > 0)
    return { field: 'via', what: `a route of type ${type} has no next hop: leave out \`via\`, or \`type\`` };
  if (type !== undefined) {
    const net = [to, from].find((end) => end !== undefined && end !== 'default' && !has(end));
    return net === undefined ? null : { field: 'to', what: `NODES has no ${familyName(isV6(net))} address` };
  }
  if (vias.length > 0) return null;
  if (from !== undefined && own.some((cidr) => network(cidr) === to)) return null;
  const both = from === undefined ? '' : '; both may be absent only if `to` is a subnet of NODES';
  return { field: 'to', what: `needs \`via\` (the next hop) or \`type\` (for example blackhole)${both}` };
}

/** Whether a word is an address, a node, a role in use, or a node's name for a further link with a peer. */
function isNextHop(lab: Lab, of: string, via: string): boolean {
  if (isAddress(via) || linkNames(lab, of).includes(via)) return true;
  return Object.entries(lab.nodes).some(([name, { role }]) => name === via || role === via);
}

function unknownHop(lab: Lab, of: string, via: string): string {
  const nodes = Object.entries(lab.nodes).flatMap(([name, { role }]) => [name, role]);
  const known = [...new Set([...nodes, ...linkNames(lab, of)])];
  return `no node has the name or role \`${via}\`${didYouMean(via, known)}`;
}

/** Paths of the roles that a next hop depends on. */
function rolesOf(lab: Lab, via: string): Path[] {
  const roles = Object.hasOwn(ROLES, via) ? Object.keys(lab.nodes).map((name) => ['nodes', name, 'role']) : [];
  return [['nodes', via], ...roles];
}

/** Whether a role means several neighbours of a node in one address family. */
function isAmbiguous(
  lab: Lab,
  name: string,
  { to, from, via }: { to: string; from?: string | undefined; via: string },
  own: readonly string[],
): boolean {
  const subnets = own.map(network);
  const meant = nodesOfRole(lab, via).filter((other) => other !== name);
  return [false, true].some((v6) => {
    const isHop = (cidr: string): boolean => isV6(cidr) === v6 && subnets.some((net) => contains(net, host(cidr)));
    const isAsked = [to, from].every((end) => end === undefined || end === 'default' || isV6(end) === v6);
    return isAsked && meant.filter((other) => nodeAddresses(lab, other).some(isHop)).length > 1;
  });
}

function ambiguousHop(lab: Lab, role: string): string {
  return `\`${role}\` is the role of several neighbours of NODES; name one of ${nodesOfRole(lab, role).join(', ')}`;
}

function unreachable({ to, from, via }: { to: string; from?: string | undefined; via: string }): string {
  if (isAddress(via)) return `${via} is in no subnet of NODES`;
  const end = to === 'default' ? from : to;
  const family = end === undefined ? '' : `${familyName(isV6(end))} `;
  return `${via} has no ${family}address in a subnet of NODES`;
}

/**
 * Why the kernel rejects an address as next hop of a node, or null. Kernels before 5.14 also reject the network address
 * (RFC 1122, 3.3.6).
 */
function notANeighbour(hop: string, own: readonly string[]): string | null {
  if (own.some((cidr) => host(cidr) === hop)) return `${hop} is an address of NODES itself`;
  const subnets = own.filter((cidr) => broadcastOf(cidr) !== null);
  const ends = subnets.find((cidr) => broadcastOf(cidr) === hop);
  if (ends !== undefined) return `${hop} is the broadcast address of ${network(ends)}`;
  const begins = subnets.find((cidr) => host(network(cidr)) === hop);
  return begins === undefined ? null : `${hop} is the address of the network ${network(begins)} itself`;
}
