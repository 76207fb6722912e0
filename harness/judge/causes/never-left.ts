import { cause } from '../../terms/cause.ts';
import { listenerAt } from '../../terms/listener.ts';
import { callsItself, DEFAULT_MTU, nodeOf, ownerOf } from '../../scenario/lookup.ts';
import type { ClientOutcome } from '../../terms/cause.ts';
import type { FlowPlan } from '../../terms/plan.ts';
import { routeOf, type RouteQuestion } from '../../scenario/route-of.ts';
import { payloadOf } from '../../terms/payload.ts';
import type { Evidence } from '../evidence.ts';
import { deadEndAt, missingAt } from './dead-end.ts';
import { addressesOf, type Rule } from './rule.ts';
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
  if (client.outcome === 'ECONNREFUSED' && addressesOf(plan, node).includes(address))
    return cause('refused', callsItself(plan, flow) ? 'called-itself' : 'listener-missing', {
      node,
      address,
      port,
      protocol: key.protocol,
    });
  const answersFrom = addressesOf(plan, node).includes(address)
    ? listenerAt(nodeOf(plan, node).listeners, { protocol: key.protocol, address, port })?.answersFrom
    : undefined;
  // What a node says to itself is on no wire.
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
