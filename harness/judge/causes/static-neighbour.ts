import { balancedBy, nodeOf, nodeWithMac, serviceOf } from '../../scenario/lookup.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { listensAt } from '../../terms/listener.ts';
import { isDirect } from '../../terms/mode.ts';
import { isV6 } from '../../scenario/address.ts';
import { routeOf } from '../../scenario/route-of.ts';
import { planAt } from '../../scenario/plan-at.ts';
import type { NodePlan, StaticNeighbour } from '../../terms/plan.ts';
import type { Hop } from '../../terms/walk.ts';
import { isAddressee, refusesSource, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { nextHop } from './next-hop.ts';
import { balancedOn } from './outdated.ts';
import { addressesOf, type Rule } from './rule.ts';
import { arrivalWithoutVip } from './without-vip.ts';

/**
 * A node sent to the MAC of a static entry, whose node does not have the address. A load balancer that forwarded the packet
 * anyway did no harm.
 */
export const staticNeighbour: Rule = (evidence) => {
  const { plan, walk } = evidence;
  const ended = undeliveredAt(evidence) ?? vanishedAt(evidence);
  if (
    ended === null ||
    (ended.leg === 'request' ? hasArrived(ended.hop, evidence) : reachedCaller(ended.hop, evidence))
  )
    return null;
  const leg = walk[ended.leg];
  const end = ended.leg === 'request' ? arrivalWithoutVip(evidence) : Infinity;
  for (const [index, hop] of leg.entries()) {
    if (index > end) return null;
    // A switch in between only forwards frames that another node addressed.
    if (hop.direction !== 'out' || hop.dst.mac === leg[index - 1]?.dst.mac) continue;
    const entry = entriesOf(hop.node, evidence).find(
      ({ address, mac }) => mac === hop.dst.mac && addressesFor(hop, evidence).includes(address),
    );
    if (entry === undefined) continue;
    const owner = nodeWithMac(plan, entry.mac);
    if (owner !== undefined && balancedOn(owner, leg.slice(index), evidence)) continue;
    const wrong = wrongEntry(hop.node, entry, evidence);
    if (wrong !== null) return wrong;
  }
  return null;
};

/** The cause, if a static entry names a node that does not have the address. */
function wrongEntry(node: string, { address, mac }: StaticNeighbour, evidence: Evidence): Cause | null {
  const { plan } = evidence;
  const owner = nodeWithMac(plan, mac);
  if (owner !== undefined && holds(owner, address, evidence)) return null;
  const holder = plan.nodes.find((other) => holds(other, address, evidence))?.name ?? null;
  return cause('stale-neighbour', 'neighbour-static', { node, address, mac, owner: owner?.name ?? null, holder });
}

/**
 * A node answered a request for its address, but to the MAC of a static entry: IPv6 advertisements use that entry
 * (ndisc_send_na), ARP replies do not.
 */
export function answeredWrongMac(evidence: Evidence, address: string): Cause | null {
  for (const { node, direction, frame } of evidence.packets) {
    if (direction !== 'out' || frame.arp?.op !== 'reply' || frame.arp.senderIp !== address) continue;
    const entry = entriesOf(node, evidence).find(({ mac }) => mac === frame.dstMac);
    const wrong = entry === undefined ? null : wrongEntry(node, entry, evidence);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** Where a request was that a node reported as undeliverable; null if its destination answered, or nobody did. */
function undeliveredAt(evidence: Evidence): ReturnType<typeof vanishedAt> {
  const { plan, walk } = evidence;
  const [answer] = walk.reply;
  const hop = walk.request.at(-1);
  if (answer === undefined || hop === undefined || !isError(evidence)) return null;
  const isForwarder = answer.node === hop.node && !addressesOf(plan, hop.node).includes(hop.dst.ip);
  return isForwarder ? { hop, leg: 'request' } : null;
}

/** Whether a request has been answered or refused where it was to: the wrong node forwarded it, and later events decide. */
function hasArrived(hop: Hop, evidence: Evidence): boolean {
  const { plan, key, kernelOnAnswer } = evidence;
  const { node, dst } = hop;
  const called = { protocol: key.protocol, address: dst.ip, port: dst.port };
  return (
    isAddressee(hop, plan) &&
    !refusesSource(evidence) &&
    addressesOf(plan, node).includes(dst.ip) &&
    (key.protocol === 'icmp' || listensAt(nodeOf(plan, node).listeners, called) || kernelOnAnswer === 'no-route')
  );
}

/** Whether a reply is an ICMP error, or a refusal by the address that was called, which has reached the caller. */
function reachedCaller({ node, direction, src }: Hop, evidence: Evidence): boolean {
  const { flow } = evidence;
  return isError(evidence) || (node === flow.from && direction === 'in' && src.ip === flow.address);
}

/** Whether the reply is an ICMP error: the call fails for that reason, whether or not the error arrives. */
function isError({ walk: { reply }, packets }: Evidence): boolean {
  const [first] = reply;
  return packets.some(
    ({ node, direction, frame }) =>
      node === first?.node && direction === 'out' && frame.dstMac === first.dst.mac && frame.icmp?.inner !== undefined,
  );
}

/** Also those of the previous step, which apply until the actions of a step are done. */
function entriesOf(name: string, { plan, moment }: Evidence): StaticNeighbour[] {
  const before = moment === undefined ? [] : nodeOf(planAt(moment.whole, moment.step - 1), name).neighbours;
  return [...(nodeOf(plan, name).neighbours ?? []), ...(before ?? [])];
}

/** Addresses whose MAC a sender may have looked up: of the next hop, and of servers that it hands frames over to. */
function addressesFor({ node, src, dst }: Hop, { plan, flow }: Evidence): string[] {
  const service = serviceOf(plan, flow);
  const handsOver = service !== undefined && isDirect(service) && balancedBy(service, node);
  const servers = handsOver ? service.pool.map(({ address }) => address) : [];
  // IPv6 and ping(8) look up the route before they choose the source (ip6_dst_lookup_tail).
  const own = node === flow.from ? [nextHop(plan, node, { dst: dst.ip })] : [];
  return [nextHop(plan, node, { src: src.ip, dst: dst.ip }), ...own, ...servers];
}

/** Whether a node has an address, or answers for it. */
function holds(node: NodePlan, address: string, { plan, moment }: Evidence): boolean {
  const { name, balancer } = node;
  const answers = balancer !== null && balancer.config.services.some(({ vip }) => vip === address);
  const isHolder = moment?.holders(address, 0)?.includes(name) ?? answers;
  return addressesOf(plan, name).includes(address) || isHolder || isProxyFor(node, address);
}

/** `proxy_arp` of a router: it answers for addresses that it reaches through another interface (arp_fwd_proxy). */
function isProxyFor(node: NodePlan, address: string): boolean {
  const route = routeOf(node, { dst: address });
  if (route === null || 'type' in route || isV6(address)) return false;
  const isOn = (scope: string): boolean => node.sysctls[`net/ipv4/conf/${scope}/proxy_arp`] === '1';
  return node.interfaces.some(
    ({ name, addresses }) => name !== route.dev && addresses.length > 0 && (isOn('all') || isOn(name)),
  );
}
