import { contains, host, hostRoute, isV6, network } from '../../scenario/address.ts';
import { interfaceAddresses, nodeOf, ownerOf, proxyIpsOf, serviceOf } from '../../scenario/lookup.ts';
import type { CauseCode } from '../../terms/cause.ts';
import type { Fix } from '../../terms/fix.ts';
import type { DeadEnd } from '../../terms/dead-end.ts';
import { isDirect } from '../../terms/mode.ts';
import { ROLES } from '../../terms/role.ts';
import type { NodePlan, Plan } from '../../terms/plan.ts';
import { balancersFor, calledBy, forServers, forwardsPackets, onNodes, settingOf } from './candidate.ts';
import type { Candidate, Failure } from './candidate.ts';
import { networkOf } from '../simulation/network.ts';
import { lookUp } from '../simulation/routing.ts';

/** Nodes to change in the same way, and the ends of the flow that they send to. */
interface Senders {
  names: string[];
  destinations: string[];
}

/** A route at the caller, load balancer, servers, or the node where the packet was lost, through another router. */
export function otherRoutes(failure: Failure): Candidate[] {
  return sendersOf(failure).flatMap(({ names, destinations }) =>
    destinations.flatMap((destination) =>
      routersFor(failure.plan, names, destination).map(({ via }) => routeTo(failure, names, destination, via)),
    ),
  );
}

/** Another default gateway: a router by name, or by interface if it has several on the link. */
export function otherGateways(failure: Failure): Candidate[] {
  const { plan, cause } = failure;
  const single = [...new Set([cause.node, ...sendersOf(failure).flatMap(({ names }) => names)])];
  return single.flatMap((name) =>
    // Not a load balancer as a router's default gateway: the router gets a route instead.
    routersFor(plan, [name], null, ({ role }) => !(ROLES[role].balances && isRouter(nodeOf(plan, name)))).map(
      ({ gateway }) =>
        onNodes([{ code: 'node-gateway', params: { node: name, gateway } }], [name], () => ({ gateway })),
    ),
  );
}

function isRouter({ role }: NodePlan): boolean {
  return ROLES[role].forwards && !ROLES[role].balances;
}

/** Another default gateway of all servers, or of the service's if only these are in its subnet. */
export function otherServerGateways(failure: Failure): Candidate[] {
  const { plan, flow } = failure;
  if (serviceOf(plan, flow) === undefined) return [];
  const all = plan.nodes.filter(({ role }) => ROLES[role].serves).map(({ name }) => name);
  const nearAll = routersFor(plan, all, null).map(({ gateway }) => gateway);
  const servers = calledBy(failure);
  return routersFor(plan, servers, null).map(({ gateway }) => {
    const fix: Fix = { code: 'servers-gateway', params: { gateway } };
    return nearAll.includes(gateway)
      ? { fixes: [fix], change: forServers(failure, { gateway }) }
      : onNodes([fix], servers, () => ({ gateway }));
  });
}

/** Removes the route that dropped the packet. */
export function withoutDeadEnd(failure: Failure): Candidate[] {
  const { scenario, cause } = failure;
  if (cause.detail.code !== 'dead-end') return [];
  const { node, to, type } = cause.detail.params;
  const isIt = (route: { to: string; type?: DeadEnd | undefined }): boolean => {
    const vip = scenario.services[route.to]?.vip;
    const net = route.to === 'default' ? everythingLike(to) : vip === undefined ? route.to : hostRoute(vip);
    return route.type === type && net === to;
  };
  return [
    onNodes([{ code: 'without-dead-end', params: { node, to, type } }], [node], () => ({
      routes: (settingOf(failure, node, 'routes') ?? []).filter((route) => !isIt(route)),
    })),
  ];
}

function everythingLike(net: string): string {
  return isV6(net) ? '::/0' : '0.0.0.0/0';
}

/** Source routes for replies of servers with several interfaces, through a router on the called interface's link. */
export function sourceRoutes(failure: Failure): Candidate[] {
  const { plan, flow } = failure;
  const service = serviceOf(plan, flow);
  const fromOf = (name: string): string => {
    const own = service?.pool.find(({ node }) => node === name)?.address ?? flow.address;
    return service !== undefined && isDirect(service) ? hostRoute(service.vip) : networkBehind(plan, [], own);
  };
  const hasLegs = (name: string): boolean =>
    nodeOf(plan, name).interfaces.filter(({ addresses }) => addresses.length > 0).length > 1;
  const servers = calledBy(failure).filter(hasLegs);
  return [...new Set(servers.map(fromOf))].flatMap((from) => {
    const names = servers.filter((name) => fromOf(name) === from && nodeOf(plan, name).rules?.includes(from) !== true);
    if (names.length === 0) return [];
    return routersFor(plan, names, null)
      .filter(({ via }) => isV6(via) === isV6(from))
      .map(({ via }) =>
        onNodes([{ code: 'source-route', params: { nodes: names, from, via } }], names, (name) => ({
          routes: [...(settingOf(failure, name, 'routes') ?? []), { to: 'default', from, via }],
        })),
      );
  });
}

function sendersOf(failure: Failure): Senders[] {
  const { plan, flow, cause } = failure;
  const service = serviceOf(plan, flow);
  const servers = calledBy(failure);
  const balancers = balancersFor(failure).map(({ name }) => name);
  const toServers = service?.pool.map(({ address }) => address) ?? [flow.address];
  const lost = 'address' in cause.detail.params ? [cause.detail.params.address] : [];
  const ends = [...new Set([...lost, flow.source, flow.address, ...toServers])];
  const known = [flow.from, ...balancers, ...servers];
  return [
    { names: [flow.from], destinations: [flow.address] },
    ...balancers.map((name) => ({ names: [name], destinations: [flow.source, ...toServers] })),
    { names: servers, destinations: [flow.source, ...(service ? proxyIpsOf(service) : [])] },
    ...(known.includes(cause.node) || !ROUTE_CAUSES.includes(cause.code)
      ? []
      : [{ names: [cause.node], destinations: ends }]),
  ];
}

/** Causes due to a missing or wrong route at a node on the path. */
const ROUTE_CAUSES: CauseCode[] = ['no-route', 'no-neighbour', 'not-forwarding', 'loop'];

interface Router {
  /** Its name in `gateway:`. */
  gateway: string;
  via: string;
}

/**
 * Routers in a subnet of each of these nodes.
 * @param destination not currently sent through them; null for any, of either family
 */
function routersFor(
  plan: Plan,
  names: string[],
  destination: string | null,
  isFit: (router: NodePlan) => boolean = () => true,
): Router[] {
  const nodes = names.map((name) => nodeOf(plan, name));
  return plan.nodes
    .filter((router) => forwardsPackets(router) && isFit(router) && !names.includes(router.name))
    .flatMap((router) => {
      const candidates = interfaceAddresses(router).filter(
        (address) =>
          nodes.every((node) => isNear(node, address)) &&
          (destination === null ||
            (isV6(address) === isV6(destination) && nodes.some(usesOtherNextHop(plan, address, destination)))),
      );
      const isOne = [false, true].every((v6) => candidates.filter((address) => isV6(address) === v6).length < 2);
      return candidates.map((via) => ({ gateway: isOne ? router.name : via, via }));
    });
}

/** Whether a node without the destination's address sends to it through another next hop. */
function usesOtherNextHop(plan: Plan, leg: string, destination: string): (node: NodePlan) => boolean {
  return ({ name }) => {
    const sender = networkOf(plan).hosts.get(name)!;
    return destination !== leg && !sender.owned.has(destination) && lookUp(sender, destination, '')?.via !== leg;
  };
}

function isNear({ interfaces }: NodePlan, address: string): boolean {
  return interfaces.some(({ addresses }) => addresses.some((cidr) => contains(network(cidr), address)));
}

function routeTo(failure: Failure, names: string[], destination: string, via: string): Candidate {
  const to = networkBehind(failure.plan, names, destination);
  return onNodes([{ code: 'route', params: { nodes: names, to, via } }], names, (name) => ({
    routes: [
      ...(settingOf(failure, name, 'routes') ?? []).filter((route) => route.to !== to || route.from !== undefined),
      { to, via },
    ],
  }));
}

/** The subnet of an address; only the address if a sender is in that subnet itself, or no node is. */
function networkBehind(plan: Plan, names: string[], address: string): string {
  const owner = ownerOf(plan, address);
  const cidr =
    owner === null
      ? undefined
      : nodeOf(plan, owner)
          .interfaces.flatMap(({ addresses }) => addresses)
          .find((own) => host(own) === address);
  const isOwn = names.some((name) => isNear(nodeOf(plan, name), address));
  return cidr === undefined || isOwn ? hostRoute(address) : network(cidr);
}
