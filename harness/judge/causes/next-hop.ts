import { nodeOf } from '../../scenario/lookup.ts';
import { routeOf, type RouteQuestion } from '../../scenario/route-of.ts';
import type { Plan } from '../../terms/plan.ts';

/**
 * The address that a node resolves to forward a packet: its destination, or the gateway of the most specific route.
 */
export function nextHop(plan: Plan, name: string, packet: RouteQuestion): string {
  const route = routeOf(nodeOf(plan, name), packet);
  return (route !== null && 'via' in route ? route.via : null) ?? packet.dst;
}
