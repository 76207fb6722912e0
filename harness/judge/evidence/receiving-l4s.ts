import { nodeWithMac } from '../../scenario/lookup.ts';
import type { Plan, ServicePlan } from '../../terms/plan.ts';
import type { Sighting } from '../../terms/sighting.ts';

/** The load balancer of a service that received the last packet for its VIP; all of them if none received any. */
export function receivingL4s(plan: Plan, { l4s, vip }: ServicePlan, packets: Sighting[]): string[] {
  const all = l4s.map(({ node }) => node);
  const last = packets.findLast(
    ({ node, direction, frame }) =>
      direction === 'in' &&
      frame.ip?.dst === vip &&
      all.includes(node) &&
      nodeWithMac(plan, frame.dstMac)?.name === node,
  );
  return last === undefined ? all : [last.node];
}
