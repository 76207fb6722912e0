import { cause, type Cause } from '../../terms/cause.ts';
import { serversInUse } from './available-servers.ts';
import type { FilteredPacket, FilterMatch, FilterRule, IcmpType } from '../../terms/filter.ts';
import type { Frame, Icmp, Sighting } from '../../terms/sighting.ts';
import type { Hop } from '../../terms/walk.ts';
import { ICMP } from '../../observe/decode.ts';
import { blockedBy } from '../../scenario/filter-match.ts';
import { host } from '../../scenario/address.ts';
import { balancedBy, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { ownServiceOf } from '../../terms/own-calls.ts';
import { planAt } from '../../scenario/plan-at.ts';
import { isDirect, MODES } from '../../terms/mode.ts';
import type { NodePlan } from '../../terms/plan.ts';
import { endsAt } from '../../terms/tunnel.ts';
import { isAddressee, refusesSource, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { addressesOf, calledFrom, type Rule } from './rule.ts';
import { withoutVip } from './without-vip.ts';

/**
 * A packet entered a node whose filter has a matching rule, and did not leave; if counters were read, that rule's
 * counter rose. Applies to the first packet of a flow and its first answer, and to the ICMP error that tells TCP about
 * a packet that is too big; no other ICMP error matters.
 */
export const filtered: Rule = (evidence) => {
  const { walk, plan } = evidence;
  if (plan.nodes.every((node) => filtersOf(node, evidence).length === 0)) return null;
  return atEnd(walk.request, evidence) ?? atEnd(walk.reply, evidence) ?? filteredTooBig(evidence);
};

function atEnd(leg: Hop[], evidence: Evidence): Cause | null {
  const { packets, plan, kernel } = evidence;
  const hop = leg.at(-1);
  if (hop === undefined || !isAddressee(hop, plan)) return null;
  const node = nodeOf(plan, hop.node);
  const isOwn = addressesOf(plan, node.name).includes(hop.dst.ip);
  // Packets that the kernel rejects itself never reach a filter.
  const isAsked = vanishedAt(evidence)?.hop === hop;
  if (isAsked && (refusesSource(evidence) || (kernel === 'no-route' && !isOwn))) return null;
  const frame = packets.find((seen) => isOf(hop, seen))?.frame;
  if (frame === undefined || isError(frame)) return null;
  // A server without the VIP is the cause whatever its filter does, unless that drops the packet before it leaves its tunnel.
  const lacksVip = withoutVip(evidence)?.node === node.name;
  return lacksVip && frame.inside === undefined ? null : matched(node, frame, evidence, { inTunnel: lacksVip });
}

function isOf({ node, iface, direction, src, dst, ttl }: Hop, seen: Sighting): boolean {
  const { ip, srcMac, dstMac } = seen.frame;
  return (
    seen.node === node &&
    seen.iface === iface &&
    seen.direction === direction &&
    ip?.src === src.ip &&
    ip.dst === dst.ip &&
    ip.ttl === ttl &&
    srcMac === src.mac &&
    dstMac === dst.mac
  );
}

function isError({ icmp }: Frame): boolean {
  return icmp?.inner !== undefined;
}

/** The cause if a TCP sender did not learn that a packet was too big. */
function filteredTooBig(evidence: Evidence): Cause | null {
  const { packets, plan, key } = evidence;
  if (key.protocol !== 'tcp') return null;
  for (const { node: name, direction, time, frame } of packets) {
    const node = nodeOf(plan, name);
    const isMeant = direction === 'in' && node.interfaces.some(({ mac }) => mac === frame.dstMac);
    if (!isMeant || frame.icmp === undefined || typeOf(frame.icmp) !== 'too-big') continue;
    const wentOn = packets.some(
      (later) =>
        later.node === name &&
        later.direction === 'out' &&
        later.time >= time &&
        later.frame.icmp !== undefined &&
        typeOf(later.frame.icmp) === 'too-big',
    );
    const found = wentOn ? null : matched(node, frame, evidence);
    if (found) return found;
  }
  return null;
}

/** @param inTunnel whether only the packet that carries another one counts */
function matched(
  node: NodePlan,
  frame: Frame,
  evidence: Evidence,
  { inTunnel = false }: { inTunnel?: boolean } = {},
): Cause | null {
  if (!filterSees(node, frame, evidence)) return null;
  const packets = asFiltered(node, frame, evidence);
  for (const packet of inTunnel ? packets.filter(({ protocol }) => protocol === 'ipip') : packets) {
    const found = filtersOf(node, evidence)
      .map((filter) => blockedBy({ filter }, packet))
      .find((match) => match !== null && hasCounted(node.name, match, evidence));
    if (!found) continue;
    const params = { node: node.name, address: packet.dst, number: found.number, rule: found.rule.text };
    return cause('filtered', packet.type === 'too-big' ? 'too-big-unheard' : 'filter-matched', params);
  }
  return null;
}

/** A node's filter, and its previous one if a step may have been changing it at that moment. */
function filtersOf({ name, filter }: NodePlan, { moment }: Evidence): FilterRule[][] {
  const former = moment?.isActing ? nodeOf(planAt(moment.whole, moment.step - 1), name).filter : undefined;
  return [filter, former].filter((rules) => rules !== undefined);
}

/** A filter only sees packets for other nodes if its node forwards them, and their TTL allows it. */
function filterSees(node: NodePlan, { ip }: Frame, { plan }: Evidence): boolean {
  if (ip === undefined) return false;
  if (addressesOf(plan, node.name).includes(ip.dst)) return true;
  const undone = node.undoDscp?.some(({ address }) => address === ip.dst) === true;
  return undone || (node.sysctls['net/ipv4/ip_forward'] !== '0' && ip.ttl > 1) || node.bridge;
}

/** Counters are read only if a failure is expected; parallel flows share them. */
function hasCounted(node: string, { number }: FilterMatch, { counters }: Evidence): boolean {
  return counters === null || (counters[node]?.[`l4lab_filter rule${number}`] ?? 0) > 0;
}

/**
 * A received packet as the node's filter sees it: packets translated by NAT, a load balancer or an l3dsr server already
 * have their new destination. The chosen server is not visible on any wire, so any server of the pool is possible.
 */
function asFiltered(node: NodePlan, frame: Frame, evidence: Evidence): FilteredPacket[] {
  const { plan, flow, key } = evidence;
  const { ip, inside, tcp, udp, icmp } = frame;
  const carried: FilteredPacket = {
    protocol: tcp ? 'tcp' : udp ? 'udp' : 'icmp',
    src: (inside ?? ip)!.src,
    dst: (inside ?? ip)!.dst,
    dstPort: (tcp ?? udp)?.dstPort ?? null,
    type: icmp === undefined ? null : typeOf(icmp),
  };
  if (inside !== undefined) {
    const outer: FilteredPacket = { protocol: 'ipip', src: ip!.src, dst: ip!.dst, dstPort: null, type: null };
    return endsAt(node, { outer: ip!.dst, carried: inside.dst }) ? [outer, carried] : [outer];
  }
  const came = carried;
  const undone = node.undoDscp?.find(({ address, dscp }) => address === came.dst && dscp === ip!.dscp);
  if (undone) return [{ ...came, dst: undone.vip }];
  const sentOn = translatedBack(evidence, node.name, came.dst);
  if (sentOn)
    return [
      { ...came, dst: sentOn.source.ip, ...(came.dstPort === null ? {} : { dstPort: sentOn.source.port }) },
      came,
    ];
  const service = serviceOf(plan, flow);
  if (!service || node.balancer === null || !balancedBy(service, node.name)) return [came];
  const { vip, pool, l4s } = service;
  const withPort = (dst: string, port: number): FilteredPacket => ({
    ...came,
    dst,
    ...(came.dstPort === null ? {} : { dstPort: port }),
  });
  if (came.dst === vip && flow.protocol === 'icmp')
    return [
      came,
      ...node.interfaces.flatMap(({ addresses }) => addresses.map((cidr) => ({ ...came, dst: host(cidr) }))),
    ];
  // Without a server, the L4 rejects it before the filter.
  const chosen = serversInUse(node.name, service, evidence);
  if (came.dst === vip && MODES[service.mode].handsOver === 'tunnel') return chosen.length === 0 ? [] : [came];
  if (came.dst === vip) return chosen.map(({ address, port }) => withPort(address, port));
  const isOwnCall = node.name === flow.from && ownServiceOf(plan, flow) !== undefined;
  const isHidden = isOwnCall || (!isDirect(service) && l4s.some(({ proxyIps }) => proxyIps.includes(came.dst)));
  const isOfServer = pool.some(({ address }) => address === came.src) || icmp?.inner !== undefined;
  return isHidden && isOfServer ? [withPort(calledFrom(plan, flow), key.sourcePort), came] : [came];
}

function typeOf({ type, code }: Icmp): IcmpType | null {
  switch (type) {
    case ICMP.echoRequest:
      return 'echo-request';
    case ICMP.echoReply:
      return 'echo-reply';
    case ICMP.unreachable:
      return code === 4 ? 'too-big' : 'unreachable';
    case ICMP.tooBig:
      return 'too-big';
    case ICMP.timeExceeded:
      return 'time-exceeded';
    case ICMP.redirect:
      return 'redirect';
    default:
      return null;
  }
}
