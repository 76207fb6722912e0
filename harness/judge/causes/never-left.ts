import { cause, type Cause } from '../../terms/cause.ts';
import { listenerAt } from '../../terms/listener.ts';
import { callsItself, cannotReply, DEFAULT_MTU, nodeOf, ownerOf } from '../../scenario/lookup.ts';
import type { ClientOutcome } from '../../terms/cause.ts';
import type { FlowPlan, ServicePlan } from '../../terms/plan.ts';
import { routeOf, type RouteQuestion } from '../../scenario/route-of.ts';
import { payloadOf } from '../../terms/payload.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { ownServiceOf } from '../../terms/own-calls.ts';
import { deadEndAt, missingAt } from './dead-end.ts';
import { addressesOf, calledFrom, type Rule } from './rule.ts';
import { hasNoAvailableServer } from './no-available-server.ts';
import { unansweredArp, withoutAnswer } from './unanswered-arp.ts';

/** What a socket gets where the route of a call leads nowhere: blackhole, unreachable, prohibit. */
const LOCAL_ERRORS: ClientOutcome[] = ['EINVAL', 'EHOSTUNREACH', 'EACCES'];

/** ping(8) binds no source: rules do not match its packets. */
function questionOf({ protocol, source, address }: FlowPlan): RouteQuestion {
  return protocol === 'icmp' ? { dst: address } : { src: source, dst: address };
}

/** MTU of the interface by which a call would leave; null where it was another link that is too narrow for it. */
function exceeded({ plan, flow }: Evidence): number | null {
  const node = nodeOf(plan, flow.from);
  const route = routeOf(node, questionOf(flow));
  const dev = route !== null && 'dev' in route ? route.dev : null;
  const { mtu = DEFAULT_MTU } = node.interfaces.find(({ name }) => name === dev) ?? {};
  const headers = flow.address.includes(':') ? 48 : 28;
  return payloadOf(flow).request + headers > mtu ? mtu : null;
}

/**
 * No packet of the flow was seen leaving the caller: it called itself, had no route, must not cut what was too
 * big, or nobody answered its ARP.
 */
export const neverLeft: Rule = (evidence) => {
  const { walk, flow, plan, client, key } = evidence;
  if (walk.request.length > 0) return null;
  const { from: node, address, port } = flow;
  const own = ownServiceOf(plan, flow);
  if (own !== undefined) return ownCallNeverLeft(own, evidence);
  if (client.outcome === 'ECONNREFUSED' && addressesOf(plan, node).includes(address))
    return cause('refused', callsItself(plan, flow) ? 'called-itself' : 'listener-missing', {
      node,
      address,
      port,
      protocol: key.protocol,
    });
  const called = { protocol: key.protocol, address, port };
  const isOwn = addressesOf(plan, node).includes(address);
  // What a node says to itself is on no wire.
  if (isOwn && client.outcome === 'timeout' && cannotReply(nodeOf(plan, node), called))
    return cause('no-response', 'response-missing', { node, address });
  const answersFrom = isOwn ? listenerAt(nodeOf(plan, node).listeners, called)?.answersFrom : undefined;
  if (answersFrom !== undefined && answersFrom !== address)
    return cause('reply-not-from-vip', 'reply-from-elsewhere', {
      node,
      called: address,
      source: answersFrom,
      owner: ownerOf(plan, answersFrom),
    });
  const end = LOCAL_ERRORS.includes(client.outcome) ? deadEndAt(evidence, node, questionOf(flow)) : null;
  if (end !== null) return end;
  if (client.outcome === 'EMSGSIZE') return cause('too-big', 'exceeds-mtu', { node, address, mtu: exceeded(evidence) });
  if (client.outcome === 'ENETUNREACH') return cause('no-route', 'route-missing', { node, address });
  const target = unansweredArp(evidence, node, [address]);
  // A connection that is open is not told that there is no route: it waits.
  return target === null ? missingAt(evidence, node, questionOf(flow)) : withoutAnswer(evidence, node, target);
};

/** What a socket gets where its own load balancer refuses a flow that goes on. */
const CUT: ClientOutcome[] = ['ECONNREFUSED', 'ECONNRESET'];

/**
 * The same of an L4 that balances its own calls: it had nobody to give this one to, refused what was of a flow of a server
 * that is out (lb/render/refuse.ts), or had no way to a server.
 */
function ownCallNeverLeft(service: ServicePlan, evidence: Evidence): Cause | null {
  const { plan, flow, healthy, moment, client } = evidence;
  const { from: node, address: destination } = flow;
  if (hasNoAvailableServer(node, service, evidence))
    return cause('no-server-available', 'pool-down', { node, service: service.name });
  const isAnyOut = healthy !== null && healthy.length < service.pool.length;
  if (moment !== undefined && isAnyOut && CUT.includes(client.outcome))
    return cause('connection-unknown', 'state-missing', { node, source: calledFrom(plan, flow), destination });
  const servers = service.pool
    .filter((server) => healthy?.includes(server.node) !== false)
    .map((server) => server.address);
  for (const dst of servers) {
    const packet = { src: calledFrom(plan, flow), dst };
    const end = deadEndAt(evidence, node, packet);
    if (end !== null) return end;
    if (routeOf(nodeOf(plan, node), packet) === null) return cause('no-route', 'route-missing', { node, address: dst });
  }
  const target = unansweredArp(evidence, node, servers);
  return target === null ? null : withoutAnswer(evidence, node, target);
}
