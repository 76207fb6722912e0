import { cause, type Cause } from '../../terms/cause.ts';
import { balancedBy, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { deadEndOf, type RouteQuestion } from '../../scenario/route-of.ts';
import { isDirect } from '../../terms/mode.ts';
import type { Evidence } from '../evidence.ts';
import { addressesOf } from './rule.ts';

/** The route that leads nowhere which a packet takes at a node by the plan; null where it takes another one, or none. */
export function deadEndAt({ plan }: Pick<Evidence, 'plan'>, node: string, packet: RouteQuestion): Cause | null {
  if (addressesOf(plan, node).includes(packet.dst)) return null;
  const end = deadEndOf(nodeOf(plan, node), packet);
  const at = { node, address: packet.dst };
  return end === null ? null : cause('no-route', 'dead-end', { ...at, to: end.to, type: end.type });
}

/** The same of a packet that a node passes on: a load balancer may have given it a server as its destination before. */
export function deadEndOnward(evidence: Evidence, node: string, { src, dst }: RouteQuestion): Cause | null {
  const { plan, flow, healthy } = evidence;
  const service = serviceOf(plan, flow);
  const translates = service !== undefined && !isDirect(service) && balancedBy(service, node) && service.vip === dst;
  if (!translates) return deadEndAt(evidence, node, { src, dst });
  const servers = service.pool.filter((server) => healthy?.includes(server.node) !== false);
  const ends = servers.map(({ address }) => deadEndAt(evidence, node, { src, dst: address }));
  return ends.find((end) => end !== null) ?? null;
}
