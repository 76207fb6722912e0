import { cause, type Cause } from '../../terms/cause.ts';
import { replySocket } from '../../terms/listener.ts';
import { otherPort } from '../../terms/reply-port.ts';
import { callsItself, cannotReply, DEFAULT_MTU, nodeOf, ownerOf } from '../../scenario/lookup.ts';
import type { ClientOutcome } from '../../terms/cause.ts';
import type { FlowPlan, ServicePlan } from '../../terms/plan.ts';
import { routeOf, type RouteQuestion } from '../../scenario/route-of.ts';
import { payloadOf } from '../../terms/payload.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { ownServiceOf } from '../../terms/own-calls.ts';
import { deadEndAt, missingAt } from './dead-end.ts';
import { addressesOf, calledFrom, type Rule } from './rule.ts';
import { nextHop } from './next-hop.ts';
import { hasNoAvailableServer, serversInUse, withoutOwnListener } from './available-servers.ts';
import { unansweredArp, withoutAnswer } from './unanswered-arp.ts';

/** Socket errors for a dead-end route of a call: blackhole, unreachable, prohibit. */
const LOCAL_ERRORS: ClientOutcome[] = ['EINVAL', 'EHOSTUNREACH', 'EACCES'];

/** ping(8) binds no source, so source rules do not match its packets. */
function questionOf({ protocol, source, address }: FlowPlan): RouteQuestion {
  return protocol === 'icmp' ? { dst: address } : { src: source, dst: address };
}

/** MTU of the interface that a call would use; null if another link was too narrow. */
function exceeded({ plan, flow }: Evidence): number | null {
  const node = nodeOf(plan, flow.from);
  const route = routeOf(node, questionOf(flow));
  const dev = route !== null && 'dev' in route ? route.dev : null;
  const { mtu = DEFAULT_MTU } = node.interfaces.find(({ name }) => name === dev) ?? {};
  const headers = flow.address.includes(':') ? 48 : 28;
  return payloadOf(flow).request + headers > mtu ? mtu : null;
}

/** No packet of the flow left the caller: it called itself, had no route, must not fragment, or got no ARP reply. */
export const neverLeft: Rule = (evidence) => {
  const { walk, flow, plan, client } = evidence;
  if (walk.request.length > 0) return null;
  const { from: node, address, port } = flow;
  const own = ownServiceOf(plan, flow);
  if (own !== undefined) return ownCallNeverLeft(own, evidence);
  const stayed = addressesOf(plan, node).includes(address) ? withinNode({ address, port }, evidence) : null;
  if (stayed !== null) return stayed;
  // The kernel first looks up a route without a source, which source rules do not match (ip_route_connect).
  const questions = LOCAL_ERRORS.includes(client.outcome) ? [questionOf(flow), { dst: address }] : [];
  const end = questions.map((question) => deadEndAt(evidence, node, question)).find((one) => one !== null) ?? null;
  if (end !== null) return end;
  if (client.outcome === 'EMSGSIZE') return cause('too-big', 'exceeds-mtu', { node, address, mtu: exceeded(evidence) });
  if (client.outcome === 'ENETUNREACH') return cause('no-route', 'route-missing', { node, address });
  const target = unansweredArp(evidence, node, [address]) ?? askedBefore(evidence, questionOf(flow));
  // An open connection is not notified of a missing route: it waits.
  return target === null ? missingAt(evidence, node, questionOf(flow)) : withoutAnswer(evidence, node, target);
};

/** Why a call to one of the caller's own sockets failed: packets inside one node are not captured. */
function withinNode({ address, port }: { address: string; port: number }, evidence: Evidence): Cause | null {
  const { flow, plan, client, key } = evidence;
  const { from: node } = flow;
  const called = { protocol: key.protocol, address, port };
  if (client.outcome === 'ECONNREFUSED')
    return cause('refused', callsItself(plan, flow) ? 'called-itself' : 'listener-missing', {
      node,
      ...called,
    });
  if (client.outcome === 'timeout' && cannotReply(nodeOf(plan, node), called))
    return cause('no-response', 'response-missing', { node, address });
  const source = replySocket(nodeOf(plan, node).listeners, called);
  if (source.address === address && source.port === port) return null;
  return cause('reply-not-from-vip', 'reply-from-elsewhere', {
    node,
    called: address,
    source: source.address,
    owner: ownerOf(plan, source.address),
    ...otherPort(port, source.port),
  });
}

/**
 * The next hop of a call that ended with EHOSTUNREACH: without a route that leads nowhere, the kernel reports a neighbour
 * that it could not resolve (arp_error_report). It may have asked before the call, for another one.
 */
function askedBefore({ client, plan, flow }: Evidence, packet: RouteQuestion): string | null {
  return client.outcome === 'EHOSTUNREACH' ? nextHop(plan, flow.from, packet) : null;
}

/** Socket errors if the node's own load balancer rejects an existing flow. */
const REJECTED_LOCALLY: ClientOutcome[] = ['ECONNREFUSED', 'ECONNRESET'];

/**
 * The same for an L4 that balances its own calls: it had no server for the call, rejected a flow of a server that is
 * out (lb/render/refuse.ts), had no route to a server, or was the server itself and did not answer.
 */
function ownCallNeverLeft(service: ServicePlan, evidence: Evidence): Cause | null {
  const { plan, flow, key, healthy, moment, client } = evidence;
  const { from: node, address: destination } = flow;
  if (hasNoAvailableServer(node, service, evidence))
    return cause('no-server-available', 'pool-down', { node, service: service.name });
  const isRefused = client.outcome === 'ECONNREFUSED';
  const silent = isRefused ? withoutOwnListener(node, service, evidence) : null;
  // Rejected flows of TCP exist already, and end with ECONNRESET.
  if (silent !== null && key.protocol === 'tcp') return withinNode(silent, evidence);
  const isAnyOut = healthy !== null && healthy.length < service.pool.length;
  if (moment !== undefined && isAnyOut && REJECTED_LOCALLY.includes(client.outcome))
    return cause('connection-unknown', 'state-missing', { node, source: calledFrom(plan, flow), destination });
  const inUse = serversInUse(node, service, evidence);
  const itself = inUse.find((server) => server.node === node);
  if (silent !== null) return withinNode(silent, evidence);
  const servers = inUse.filter((server) => server !== itself).map(({ address }) => address);
  for (const dst of servers) {
    const packet = { src: calledFrom(plan, flow), dst };
    const end = deadEndAt(evidence, node, packet);
    if (end !== null) return end;
    if (routeOf(nodeOf(plan, node), packet) === null) return cause('no-route', 'route-missing', { node, address: dst });
  }
  const [only] = servers.length === 1 ? servers : [];
  const before = only === undefined ? null : askedBefore(evidence, { src: calledFrom(plan, flow), dst: only });
  const target = unansweredArp(evidence, node, servers) ?? before;
  if (target !== null) return withoutAnswer(evidence, node, target);
  return isRefused || itself === undefined ? null : withinNode(itself, evidence);
}
