import type { Sighting } from '../../terms/sighting.ts';
import { ICMP } from '../../observe/decode.ts';
import type { Cause } from '../../terms/walk.ts';
import type { Evidence } from '../evidence.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import { cause, type Rule } from './rule.ts';
import { vanished } from './vanished.ts';

/** Somebody said no: with an RST, or with an ICMP error. */
export const refusedOrUnreachable: Rule = (evidence) => {
  const { packets, walk } = evidence;
  const error = packets.find(
    ({ direction, frame }) =>
      direction === 'out' && frame.icmp?.inner !== undefined && frame.icmp.type !== ICMP.redirect,
  );
  if (error) return fromError(error, evidence);
  const reset = packets.find(({ direction, frame }) => direction === 'out' && frame.tcp?.flags === 'RA');
  const origin = walk.reply[0]?.node;
  // The caller itself ends a connection in which nothing happens any more; as the server that was picked it may refuse.
  const byCaller = reset?.node === evidence.flow.from && reset.frame.ip?.dst === evidence.flow.address;
  if (!reset || byCaller || origin === undefined) return null;
  // A reset that died on its way refused nobody: the caller goes on asking.
  const unheard = evidence.client.said === 'ECONNREFUSED' ? null : vanished(evidence);
  return unheard ?? refusal(origin, 'RST', evidence);
};

/** Who says that nobody listens tells why: the L4 speaks for a pool without a healthy server. */
function refusal(node: string, by: string, { plan, flow, healthy }: Evidence): Cause {
  // An echo is addressed to the VIP alone: no pool stands behind it.
  const service =
    flow.protocol === 'icmp' || nodeOf(plan, node).balancer === null
      ? undefined
      : plan.services.find(({ l4, vip, port }) => l4 === node && vip === flow.address && port === flow.port);
  if (!service) return cause('refused', node, `${node} answers ${flow.port}/${flow.protocol} with ${by}`);
  if (service.pool.some((server) => healthy?.includes(server.node) ?? false)) {
    return cause(
      'unexplained',
      node,
      `${node} answers with ${by}, although it holds a server of ${service.name} for healthy`,
    );
  }
  return cause('no-server-available', node, `${node} answers with ${by}: no server of ${service.name} is healthy`);
}

/** Codes of RFC 792, 1122 and 1812. */
function fromError({ node, frame }: Sighting, evidence: Evidence): Cause | null {
  const { type, code, inner, mtu } = frame.icmp!;
  if (type === ICMP.timeExceeded)
    return cause('loop', node, `the TTL of a packet for ${inner!.dst} ran out at ${node}`);
  if (type === ICMP.tooBig || (type === ICMP.unreachable && code === 4)) {
    // Routers older than RFC 1191 name no MTU: it reads as 0.
    return cause(
      'too-big',
      node,
      mtu
        ? `${node} cannot send on a packet for ${inner!.dst}: the MTU there is ${mtu} bytes`
        : `${node} cannot send on a packet for ${inner!.dst}: it is larger than the MTU there`,
    );
  }
  if (type !== ICMP.unreachable) return null;
  if (code === 3) return refusal(node, 'ICMP port unreachable', evidence);
  if (code === 9 || code === 10 || code === 13)
    return cause('filtered', node, `a rule of ${node} rejects packets for ${inner!.dst}`);
  if (code === 0 || code === 6) return cause('no-route', node, `${node} has no route to ${inner!.dst}`);
  return cause('no-neighbour', node, `${node} asked for the next hop toward ${inner!.dst} and nobody answered`);
}
