import type { Sighting } from '../../terms/sighting.ts';
import { ICMP } from '../../observe/decode.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { isDirect } from '../../terms/mode.ts';
import type { ServicePlan } from '../../terms/plan.ts';
import { balancedBy, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { vlanMismatch } from '../../scenario/vlan-mismatch.ts';
import type { RouteQuestion } from '../../scenario/route-of.ts';
import { startsBalancer } from '../evidence/moment.ts';
import { deadEndOnward } from './dead-end.ts';
import { nextHop } from './next-hop.ts';
import type { Rule } from './rule.ts';
import { hasNoAvailableServer, withoutOwnListener } from './available-servers.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { answeredWrongMac } from './static-neighbour.ts';
import { refusedQuestion, unansweredArp } from './unanswered-arp.ts';
import { vanished } from './vanished.ts';

/** A refusal: RST or ICMP error. */
export const refusedOrUnreachable: Rule = (evidence) => {
  const { packets, walk } = evidence;
  const error = packets.find(
    ({ direction, frame }) =>
      direction === 'out' && frame.icmp?.inner !== undefined && frame.icmp.type !== ICMP.redirect,
  );
  if (error) return fromError(error, evidence);
  const reset = packets.find(({ direction, frame }) => direction === 'out' && frame.tcp?.flags === 'RA');
  const origin = walk.reply[0]?.node;
  // The caller itself ends a connection without progress; as the chosen server it may refuse.
  const byCaller = reset?.node === evidence.flow.from && reset.frame.ip?.dst === evidence.flow.address;
  if (!reset || byCaller || origin === undefined) return null;
  // A lost reset has no effect: the caller keeps trying.
  const lost = evidence.client.outcome === 'ECONNREFUSED' ? null : vanished(evidence);
  const { ip, tcp } = reset.frame;
  return lost ?? refusal(origin, { address: ip!.src, port: tcp!.srcPort }, evidence);
};

/**
 * The sender of the refusal shows the reason: if it is the L4, no server of its pool accepts new connections, or it is such a
 * server itself and has no listener.
 * @param called destination of the refused packet, at the node that refused it
 */
function refusal(node: string, called: { address: string; port: number }, evidence: Evidence): Cause {
  const { plan, flow, key } = evidence;
  // An echo request is only for the VIP: it has no pool.
  const service =
    flow.protocol === 'icmp' || nodeOf(plan, node).balancer === null
      ? undefined
      : plan.services.find((s) => balancedBy(s, node) && s.vip === flow.address && s.port === flow.port);
  const withoutListener = cause('refused', 'listener-missing', { node, ...called, protocol: key.protocol });
  if (!service) return withoutListener;
  if (hasNoAvailableServer(node, service, evidence))
    return cause('no-server-available', 'pool-down', { node, service: service.name });
  // Without the rules, the kernel rejects packets to an address that still exists.
  if (isUnruled(node, evidence)) return withoutListener;
  if (isCut(service, evidence)) {
    const { source, address: destination } = flow;
    return cause('connection-unknown', 'state-missing', { node, source, destination });
  }
  const own = withoutOwnListener(node, service, evidence);
  if (own !== null) {
    const { address, port } = own;
    return cause('refused', 'listener-missing', { node, address, port, protocol: key.protocol });
  }
  return cause('unexplained', 'refused-although-healthy', { node, service: service.name });
}

/**
 * Whether datagrams from one port still go to a server that is out; a load balancer with NAT refuses them as long as conntrack
 * keeps the flow (lb/render/refuse.ts).
 */
function isCut(service: ServicePlan, { moment, flow, key, healthy }: Evidence): boolean {
  const stream = moment?.whole.timeline?.streams.find(({ name }) => name === flow.name);
  const goesOn = moment?.history !== undefined || stream?.sourcePort !== undefined;
  const isAnyOut = healthy !== null && healthy.length < service.pool.length;
  return key.protocol === 'udp' && goesOn && isAnyOut && !isDirect(service);
}

/** Whether a load balancer may have had no rules when the call began: it was being started or restarted. */
function isUnruled(name: string, { moment }: Evidence): boolean {
  return moment !== undefined && moment.isActing && startsBalancer(moment, name);
}

/** Codes of RFC 792, 1122 and 1812. */
function fromError({ node, frame }: Sighting, evidence: Evidence): Cause | null {
  const { type, code, inner, mtu } = frame.icmp!;
  const { src, dst: address, dstPort: port } = inner!;
  if (type === ICMP.timeExceeded) return cause('loop', 'ttl-expired', { node, address });
  if (type === ICMP.tooBig || (type === ICMP.unreachable && code === 4)) {
    // Routers older than RFC 1191 send no MTU: it is 0.
    return cause('too-big', 'exceeds-mtu', { node, address, mtu: mtu || null });
  }
  const isWrapped = inner!.inside !== undefined;
  if (isWrapped && (type === ICMP.parameterProblem || (type === ICMP.unreachable && (code === 2 || code === 3))))
    return cause('no-tunnel-end', 'tunnel-end-missing', { node, address });
  if (type !== ICMP.unreachable) return null;
  if (code === 3) return refusal(node, { address, port }, evidence);
  const end = deadEndOnward(evidence, node, { src, dst: address });
  if (end !== null) return end;
  if (code === 9 || code === 10 || code === 13) return cause('filtered', 'rejected-by-rule', { node, address });
  if (code === 0 || code === 6) return cause('no-route', 'route-missing', { node, address });
  const hop = askedFor(evidence, node, { src, dst: address });
  return (
    vlanMismatch(evidence.plan, node, hop) ??
    refusedQuestion(evidence, node)?.cause ??
    answeredWrongMac(evidence, hop) ??
    cause('no-neighbour', 'host-unreachable', { node, address, hop })
  );
}

/** The node that did not answer: after translation by a load balancer the error quotes the VIP, after NAT its own address. */
function askedFor(evidence: Evidence, node: string, packet: RouteQuestion): string {
  const service = serviceOf(evidence.plan, evidence.flow);
  const servers = balancedBy(service, node) ? service!.pool.map((server) => server.address) : [];
  const dst = translatedBack(evidence, node, packet.dst)?.source.ip ?? packet.dst;
  return unansweredArp(evidence, node, [dst, ...servers]) ?? nextHop(evidence.plan, node, { ...packet, dst });
}
