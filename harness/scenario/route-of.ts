import { destinationOf } from '../../lb/terms/next-hops.ts';
import type { DeadEndPlan, NodePlan, RoutePlan } from '../terms/plan.ts';
import { contains, isV6, network } from './address.ts';

/** Key of a route lookup; without source if the kernel has not chosen it yet. */
export interface RouteQuestion {
  src?: string | undefined;
  dst: string;
}

/**
 * The route of a packet according to a node's plan: the longest prefix in the first table with a match, or null. A
 * subnet of the node is a route whose next hop is the destination. Does not check the node's own addresses, which take
 * precedence.
 */
export function routeOf(node: NodePlan, { src, dst }: RouteQuestion): RoutePlan | DeadEndPlan | null {
  const isAsked = (from: string): boolean => src !== undefined && src !== '' && contains(from, src);
  for (const from of [...(node.rules ?? []).filter(isAsked), undefined]) {
    const fitting = tableOf(node, from).filter((route) => fits(route, dst));
    const [best] = fitting.sort((a, b) => length(b) - length(a));
    if (best !== undefined) return best;
  }
  return null;
}

/** The dead-end route that a packet matches at a node, or null. */
export function deadEndOf(node: NodePlan, question: RouteQuestion): DeadEndPlan | null {
  const route = routeOf(node, question);
  return route !== null && 'type' in route ? route : null;
}

/**
 * Whether a node forwards packets to an address by a service of mode `route`: its own subnets and longer routes go first, but
 * not routes that drop (lb/render/routes.ts).
 */
export function isSpread({ balancer, interfaces, routes }: NodePlan, address: string): boolean {
  const services = balancer?.config.routeServices ?? [];
  const subnets = interfaces.flatMap(({ addresses }) => addresses.map(network));
  const longer = routes.flatMap(({ to, from }) => (from === undefined && to !== 'default' ? [to] : []));
  const goesFirst = [...subnets, ...longer].some((net) => contains(net, address));
  return !goesFirst && services.some((service) => contains(destinationOf(service), address));
}

function tableOf(
  { interfaces, routes, deadEnds = [] }: NodePlan,
  from: string | undefined,
): (RoutePlan | DeadEndPlan)[] {
  const isUp = (dev: string): boolean => interfaces.some(({ name, up }) => name === dev && up !== false);
  const subnets = interfaces.flatMap(({ name, addresses }) =>
    addresses.map((cidr): RoutePlan => ({ to: network(cidr), via: null, dev: name })),
  );
  const reaching = [...(from === undefined ? subnets : []), ...routes.filter((route) => route.from === from)];
  return [
    ...reaching.filter(({ dev, others = [] }) => [dev, ...others.map((other) => other.dev)].some(isUp)),
    ...deadEnds.filter((route) => route.from === from),
  ];
}

function fits(route: RoutePlan | DeadEndPlan, dst: string): boolean {
  if (route.to !== 'default') return contains(route.to, dst);
  return 'via' in route && route.via !== null && isV6(route.via) === isV6(dst);
}

function length({ to }: RoutePlan | DeadEndPlan): number {
  return to === 'default' ? 0 : Number(to.split('/')[1]);
}
