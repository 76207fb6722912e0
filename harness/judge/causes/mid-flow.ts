import { cause, type Cause } from '../../terms/cause.ts';
import type { Hop, Walk } from '../../terms/walk.ts';
import { ICMP } from '../../observe/decode.ts';
import type { Frame, Sighting } from '../../terms/sighting.ts';
import { isMacBehindAnother, isMacBehind } from '../../scenario/mac-behind-port.ts';
import { balancedBy, nodeOf, nodeWithMac, ownerOf } from '../../scenario/lookup.ts';
import { isDirect } from '../../terms/mode.ts';
import type { NodePlan, Plan } from '../../terms/plan.ts';
import { isAddressee, refusesSource, sameSegment, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { nextHop } from './next-hop.ts';
import { addressesOf, type Rule } from './rule.ts';
import { ETHERNET_HEADER } from './too-big.ts';

/**
 * An ICMP redirect reached a node that then bypassed its sender. Excludes traffic that the node never sent that way,
 * and connections that had already lost a segment, since the node may have bypassed the sender only after giving up.
 */
export const redirected: Rule = (evidence) => {
  const { packets, plan, flow, key } = evidence;
  const holder = (mac: string): NodePlan | undefined => nodeWithMac(plan, mac);
  /** Of a datagram, a second one shows that the first was lost, unless it was answered. */
  const isAnsweredBetween = (begin: number, end: number): boolean =>
    packets.some(
      ({ time, node, direction, frame }) =>
        node === flow.from &&
        direction === 'in' &&
        time > begin &&
        time < end &&
        frame.ip?.dst === flow.source &&
        frame.ip.src === key.address &&
        (frame.udp === undefined || frame.udp.srcPort === key.port) &&
        frame.icmp?.inner === undefined,
    );
  for (const { time, node, direction, frame } of packets) {
    const sender = holder(frame.srcMac);
    // Switches on the path see it too; it is for the node that it is addressed to.
    const isAddressed = frame.icmp?.type === ICMP.redirect && direction === 'in' && holder(frame.dstMac)?.name === node;
    if (!isAddressed || !sender) continue;
    const { gateway, inner } = frame.icmp!;
    const sent = packets.filter(
      (p) => p.node === node && p.direction === 'out' && p.frame.ip?.dst === inner?.dst && !p.frame.icmp,
    );
    const before = sent.filter((p) => p.time <= time);
    const after = sent.filter((p) => p.time > time);
    const lostBefore = before.some(({ frame, time: sentAt }) =>
      frame.tcp
        ? after.some((p) => sameSegment(p.frame, frame)) || !arrived(frame, packets, plan)
        : node === flow.from && !isAnsweredBetween(sentAt, after[0]?.time ?? time),
    );
    const around = after.some((p) => holder(p.frame.dstMac) !== sender);
    if (lostBefore || !around || !before.some((p) => holder(p.frame.dstMac) === sender)) continue;
    const address = inner?.dst ?? flow.source;
    return cause('redirected', 'redirect-followed', { node, router: sender.name, address, gateway: gateway ?? '?' });
  }
  return redirectedBefore(evidence);
};

/**
 * The lost packet used the gateway named by a redirect of an earlier flow; excludes requests that reached their
 * destination.
 */
function redirectedBefore(evidence: Evidence): Cause | null {
  const { plan, redirects = [], walk } = evidence;
  const at = vanishedAt(evidence);
  if (at === null) return null;
  const { leg, hop: last } = at;
  if (leg === 'request' && last.direction === 'in' && addressesOf(plan, last.node).includes(last.dst.ip)) return null;
  for (const { node, router, address, gateway } of redirects) {
    const wentBy = (hop: Hop): boolean =>
      hop.node === node &&
      hop.direction === 'out' &&
      hop.dst.ip === address &&
      // A redirect to the next hop that it uses anyway changes nothing.
      nextHop(plan, node, { src: hop.src.ip, dst: address }) !== gateway &&
      nodeWithMac(plan, hop.dst.mac)?.name === (ownerOf(plan, gateway) ?? undefined);
    if (walk[leg].some(wentBy)) return cause('redirected', 'redirect-followed', { node, router, address, gateway });
  }
  return null;
}

function arrived(sent: Frame, packets: Sighting[], plan: Plan): boolean {
  return packets.some(
    ({ node, direction, frame }) =>
      direction === 'in' && sameSegment(frame, sent) && frame.ip && addressesOf(plan, node).includes(frame.ip.dst),
  );
}

/**
 * A switch with a node's MAC at the wrong port sent a frame only there, and the node never got it. When the MAC table
 * is read it may be correct again: any later frame of that node corrects it.
 */
export const macMovedLater: Rule = ({ packets, plan }) => {
  for (const { node, iface, direction, frame } of packets) {
    if (direction !== 'out' || !frame.tcp || !nodeOf(plan, node).bridge) continue;
    const owner = nodeWithMac(plan, frame.dstMac);
    if (!owner || owner.name === node || isMacBehind(plan, { node, iface }, frame.dstMac)) continue;
    if (!isMacBehindAnother(plan, { node, iface }, frame.dstMac)) continue;
    const same = packets.filter((q) => q.frame.dstMac === frame.dstMac && sameSegment(q.frame, frame));
    const flooded = same.some((q) => q.node === node && q.direction === 'out' && q.iface !== iface);
    const got = same.some((q) => q.node === owner.name && q.direction === 'in');
    if (flooded || got) continue;
    const address = frame.ip!.dst;
    return cause('mac-moved', 'mac-on-wrong-port', { node, owner: owner.name, port: iface, address });
  }
  return null;
};

/**
 * A stateful node saw only one direction, and a packet entered it and did not leave: a segment without SYN, or an echo
 * reply. Excludes packets that the kernel drops before the firewall, because of their source or for lack of a route.
 */
export const halfSeen: Rule = (evidence) => {
  const { packets, plan, walk, kernel } = evidence;
  const last = vanishedAt(evidence)?.hop;
  const isRouted = last !== undefined && isAddressee(last, plan);
  if (refusesSource(evidence) || (isRouted && kernel === 'no-route')) return null;
  for (const node of plan.nodes.filter(filtersForwarded)) {
    const at = packets.filter(
      (p) =>
        p.node === node.name && ((p.frame.tcp && p.frame.tcp.flags !== 'S') || p.frame.icmp?.type === ICMP.echoReply),
    );
    const entered = at.filter(({ direction, frame }) => direction === 'in' && firewallSees(plan, node.name, frame));
    const swallowed = entered.find(
      (p) =>
        !at.some(
          (q) =>
            q.direction === 'out' &&
            q.time >= p.time &&
            q.frame.tcp?.seq === p.frame.tcp?.seq &&
            q.frame.tcp?.flags === p.frame.tcp?.flags &&
            q.frame.icmp?.seq === p.frame.icmp?.seq,
        ),
    );
    if (!swallowed || hasReported(node.name, swallowed, packets) || asksNextHop(node.name, swallowed, evidence))
      continue;
    if (!sawBothDirections(node, swallowed.frame, walk)) {
      const { src: source, dst: destination } = swallowed.frame.ip!;
      return cause('half-seen-by-firewall', 'half-seen', { node: node.name, source, destination });
    }
  }
  return null;
};

/** Whether a node asked for the MAC of a packet's next hop: its firewall had accepted the packet. */
function asksNextHop(name: string, { time, frame: { ip } }: Sighting, { plan, packets }: Evidence): boolean {
  const asked = packets.flatMap(({ node, direction, time: at, frame: { arp } }) =>
    node === name && direction === 'out' && at >= time && arp?.op === 'request' ? [arp.targetIp] : [],
  );
  return asked.length > 0 && asked.includes(nextHop(plan, name, { src: ip!.src, dst: ip!.dst }));
}

/** Whether a node sent an ICMP error about a packet: its firewall would have dropped it silently. */
function hasReported(name: string, { time, frame: { ip, length } }: Sighting, packets: Sighting[]): boolean {
  return packets.some(({ node, direction, time: at, frame: { icmp } }) => {
    const isOfLarger = icmp?.mtu !== undefined && length - ETHERNET_HEADER <= icmp.mtu;
    const isAbout =
      icmp?.inner?.src === ip!.src && icmp.inner.dst === ip!.dst && icmp.type !== ICMP.redirect && !isOfLarger;
    return node === name && direction === 'out' && at >= time && isAbout;
  });
}

/**
 * Whether a node forwarded both directions of a packet's connection, identified as by its firewall: by the addresses of
 * the received packet. If an L4 sends it through again with another destination, that is another connection.
 */
function sawBothDirections({ name, bridge, interfaces }: NodePlan, { ip, dstMac }: Frame, walk: Walk): boolean {
  // A switch with an address has two firewalls: the one for bridged traffic does not see what it routes.
  const own = interfaces.map(({ mac }) => mac);
  const alike = (mac: string): boolean => !bridge || own.includes(mac) === own.includes(dstMac);
  const directions = [walk.request, walk.reply].map((hops) => hops.filter(({ node }) => node === name));
  const entered = ({ direction, src, dst }: Hop): boolean =>
    direction === 'in' && alike(dst.mac) && src.ip === ip!.src && dst.ip === ip!.dst;
  const isAnswer = ({ direction, src, dst }: Hop): boolean =>
    direction === 'out' && alike(src.mac) && src.ip === ip!.dst && dst.ip === ip!.src;
  const forwardedUntranslated = (hops: Hop[]): boolean =>
    hops.some((hop, index) => entered(hop) && hops.slice(index).some(({ direction }) => direction === 'out'));
  return directions.some(forwardedUntranslated) && directions.some((hops) => hops.some(isAnswer));
}

function filtersForwarded({ firewall, bridge, sysctls }: NodePlan): boolean {
  return firewall === 'stateful' && (bridge || sysctls['net/ipv4/ip_forward'] !== '0');
}

/**
 * Whether a node's firewall sees a received frame: not packets for the node itself, unless translated for a server, and
 * not flooded frames for other nodes, unless it is a switch.
 */
function firewallSees(plan: Plan, name: string, { dstMac, ip, tcp }: Frame): boolean {
  const isBalanced = plan.services.some(
    (service) =>
      service.vip === ip?.dst && service.port === tcp?.dstPort && balancedBy(service, name) && !isDirect(service),
  );
  if (ip && !isBalanced && addressesOf(plan, name).includes(ip.dst)) return false;
  if (nodeOf(plan, name).bridge) return true;
  return !plan.nodes.some((node) => node.name !== name && node.interfaces.some(({ mac }) => mac === dstMac));
}
