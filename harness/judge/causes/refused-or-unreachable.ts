import type { Sighting } from '../../terms/sighting.ts';
import { ICMP } from '../../observe/decode.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import type { Evidence } from '../evidence.ts';
import { isDirect } from '../../terms/mode.ts';
import type { ServicePlan } from '../../terms/plan.ts';
import { balancedBy, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { vlanMismatch } from '../../scenario/vlan-mismatch.ts';
import type { RouteQuestion } from '../../scenario/route-of.ts';
import { startsBalancer } from '../moment.ts';
import { deadEndOnward } from './dead-end.ts';
import { nextHop } from './next-hop.ts';
import type { Rule } from './rule.ts';
import { hasNoTaker } from './takers.ts';
import { translatedBack } from '../translated-back.ts';
import { refusedQuestion, unansweredArp } from './unanswered-arp.ts';
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
  const lost = evidence.client.outcome === 'ECONNREFUSED' ? null : vanished(evidence);
  const { ip, tcp } = reset.frame;
  return lost ?? refusal(origin, { address: ip!.src, port: tcp!.srcPort }, evidence);
};

/**
 * Who says that nobody listens tells why: the L4 speaks for a pool of which no server takes new connections.
 * @param called what the refused packet was for, where it was refused
 */
function refusal(node: string, called: { address: string; port: number }, evidence: Evidence): Cause {
  const { plan, flow, key } = evidence;
  // An echo is addressed to the VIP alone: no pool stands behind it.
  const service =
    flow.protocol === 'icmp' || nodeOf(plan, node).balancer === null
      ? undefined
      : plan.services.find((s) => balancedBy(s, node) && s.vip === flow.address && s.port === flow.port);
  const withoutListener = cause('refused', 'listener-missing', { node, ...called, protocol: key.protocol });
  if (!service) return withoutListener;
  if (hasNoTaker(node, service, evidence))
    return cause('no-server-available', 'pool-down', { node, service: service.name });
  // While its rules are away, the kernel refuses what comes to an address that is still there.
  if (isUnruled(node, evidence)) return withoutListener;
  if (isCut(service, evidence)) {
    const { source, address: destination } = flow;
    return cause('connection-unknown', 'state-missing', { node, source, destination });
  }
  return cause('unexplained', 'refused-although-healthy', { node, service: service.name });
}

/**
 * Whether datagrams from one port go on to a server that is out, which a load balancer that translates refuses for as long as
 * conntrack keeps the flow (lb/render/refuse.ts).
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
    // Routers older than RFC 1191 name no MTU: it reads as 0.
    return cause('too-big', 'exceeds-mtu', { node, address, mtu: mtu || null });
  }
  if (type !== ICMP.unreachable) return null;
  if (code === 3) return refusal(node, { address, port }, evidence);
  const end = deadEndOnward(evidence, node, { src, dst: address });
  if (end !== null) return end;
  if (code === 9 || code === 10 || code === 13) return cause('filtered', 'rejected-by-rule', { node, address });
  if (code === 0 || code === 6) return cause('no-route', 'route-missing', { node, address });
  const hop = askedFor(evidence, node, { src, dst: address });
  return (
    refusedQuestion(evidence, node)?.cause ??
    vlanMismatch(evidence.plan, node, hop) ??
    cause('no-neighbour', 'host-unreachable', { node, address, hop })
  );
}

/** Who did not answer: of what a load balancer has translated, the error quotes the VIP, and of what NAT has, its own address. */
function askedFor(evidence: Evidence, node: string, packet: RouteQuestion): string {
  const service = serviceOf(evidence.plan, evidence.flow);
  const servers = balancedBy(service, node) ? service!.pool.map((server) => server.address) : [];
  const dst = translatedBack(evidence, node, packet.dst)?.source.ip ?? packet.dst;
  return unansweredArp(evidence, node, [dst, ...servers]) ?? nextHop(evidence.plan, node, { ...packet, dst });
}
