import { contains, network } from '../../scenario/address.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { Plan, RoutePlan } from '../../terms/plan.ts';

/** The address that a node asks for to send a packet on: its destination, or the gateway of the most special route to it. */
export function nextHop(plan: Plan, name: string, destination: string): string {
  const { interfaces, routes } = nodeOf(plan, name);
  const isNear = interfaces.some(({ addresses }) => addresses.some((cidr) => contains(network(cidr), destination)));
  if (isNear) return destination;
  const isV6 = destination.includes(':');
  const fits = ({ to, via }: RoutePlan): boolean =>
    to === 'default' ? via.includes(':') === isV6 : contains(to, destination);
  const length = ({ to }: RoutePlan): number => (to === 'default' ? 0 : Number(to.split('/')[1]));
  const [route] = routes.filter(fits).sort((a, b) => length(b) - length(a));
  return route?.via ?? destination;
}
