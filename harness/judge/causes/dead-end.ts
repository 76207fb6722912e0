import { cause, type Cause } from '../../terms/cause.ts';
import { serversInUse } from './available-servers.ts';
import { balancedBy, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { deadEndOf, isSpread, routeOf, type RouteQuestion } from '../../scenario/route-of.ts';
import { MODES } from '../../terms/mode.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { plansAround } from '../evidence/moment.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { addressesOf } from './rule.ts';

/** The route that drops a packet at a node, according to the plan; null if it uses another route, or has none. */
export function deadEndAt({ plan }: Pick<Evidence, 'plan'>, node: string, packet: RouteQuestion): Cause | null {
  if (addressesOf(plan, node).includes(packet.dst)) return null;
  const end = deadEndOf(nodeOf(plan, node), packet);
  const at = { node, address: packet.dst };
  return end === null ? null : cause('no-route', 'dead-end', { ...at, to: end.to, type: end.type });
}

/**
 * Whether a node had no route for a packet during a call of a stream, according to the plan: the kernel does not always
 * report it, because it limits the rate of such errors (ip_error of net/ipv4/route.c).
 */
export function missingAt({ plan, moment }: Evidence, node: string, packet: RouteQuestion): Cause | null {
  if (!moment || addressesOf(plan, node).includes(packet.dst)) return null;
  const isMissing = plansAround(plan, moment).some((one) => routeOf(nodeOf(one, node), packet) === null);
  return isMissing ? cause('no-route', 'route-missing', { node, address: packet.dst }) : null;
}

/**
 * The same for a packet that a node forwards: NAT or a load balancer may have changed its destination.
 * @param endAt the end of the packet at a node
 */
export function deadEndOnward(
  evidence: Evidence,
  node: string,
  { src, dst }: RouteQuestion,
  endAt: typeof missingAt = deadEndAt,
): Cause | null {
  const { plan, flow } = evidence;
  const sentOn = translatedBack(evidence, node, dst);
  if (sentOn !== null) return endAt(evidence, node, { src, dst: sentOn.source.ip });
  const service = serviceOf(plan, flow);
  const translates =
    service !== undefined &&
    MODES[service.mode].handsOver !== 'mac' &&
    balancedBy(service, node) &&
    nodeOf(plan, node).balancer !== null &&
    service.vip === dst;
  if (!translates) return isSpread(nodeOf(plan, node), dst) ? null : endAt(evidence, node, { src, dst });
  const servers = serversInUse(node, service, evidence);
  // Packets into tunnels have the load balancer's own source.
  const from = MODES[service.mode].handsOver === 'tunnel' ? {} : { src };
  const ends = servers.map(({ address }) => endAt(evidence, node, { ...from, dst: address }));
  return ends.find((end) => end !== null) ?? null;
}
