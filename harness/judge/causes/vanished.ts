import { MODES } from '../../terms/mode.ts';
import { serversInUse } from './available-servers.ts';
import type { Hop } from '../../terms/walk.ts';
import { contains, network } from '../../scenario/address.ts';
import { broughtBy, isAddressee, refusesSource, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { linkNameOf } from '../../terms/link-name.ts';
import { macKey } from '../../terms/mac-key.ts';
import { isMacBehindAnother, isMacBehind } from '../../scenario/mac-behind-port.ts';
import { balancedBy, DEFAULT_MTU, interfaceAt, nodeOf, nodeWithMac, serviceOf } from '../../scenario/lookup.ts';
import { routeOf } from '../../scenario/route-of.ts';
import { vlanMismatchTo } from '../../scenario/vlan-mismatch.ts';
import { deadEndHere, insideKernel } from './inside-kernel.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { addressesOf, type Rule } from './rule.ts';
import { ETHERNET_HEADER } from './too-big.ts';
import { unansweredArp, withoutAnswer } from './unanswered-arp.ts';

/** A packet entered a node, or should have left it, and was not seen again. */
export const vanished: Rule = (evidence) => {
  const at = vanishedAt(evidence);
  if (!at) return null;
  const { hop, leg } = at;
  if (hop.direction === 'out') return lostOnWire(hop, evidence);
  return (
    macMoved(hop, evidence) ??
    inOtherVlan(hop, evidence) ??
    expiredInLoop(hop, leg, evidence) ??
    unanswered(hop, leg, evidence) ??
    insideKernel(hop, leg, evidence)
  );
};

function lostOnWire({ node, iface, dst }: Hop, { plan }: Evidence): Cause {
  const peer = plan.links.flatMap(({ ends: [a, b] }) =>
    a.node === node && a.iface === iface ? [b] : b.node === node && b.iface === iface ? [a] : [],
  )[0];
  const down = peer && nodeOf(plan, peer.node).interfaces.find(({ name }) => name === peer.iface)?.up === false;
  return down
    ? cause('no-neighbour', 'peer-down', { node, address: dst.ip, peer: linkNameOf(iface) })
    : cause('unexplained', 'lost-on-wire', { node, address: dst.ip });
}

/** The frame ended at another node, because a switch had learned its MAC on the wrong port. */
function macMoved(hop: Hop, { plan, macTables, walk }: Evidence): Cause | null {
  if (isAddressee(hop, plan)) return null;
  const { mac, ip: address } = hop.dst;
  const owner = nodeWithMac(plan, mac)?.name;
  if (owner === undefined) return null;
  const path = walk.reply.length > 0 ? walk.reply : walk.request;
  // The switch that a frame has just reached learns the wrong port if its source MAC is its destination.
  const toItself = hop.src.mac === mac;
  const isSwitch = ({ node }: Hop): boolean => nodeOf(plan, node).bridge;
  const sent = toItself
    ? undefined
    : path.findLast((one) => one.direction === 'out' && one.dst.mac === mac && isSwitch(one));
  for (const at of [...(sent ? [sent] : []), ...(isSwitch(hop) ? [hop] : [])]) {
    const { node } = at;
    const table = macTables[node]?.[macKey(mac, interfaceAt(plan, at)?.vlan)];
    // Without its table, its frames may be copies of a flood.
    const seen = at === sent && isMacBehindAnother(plan, sent, mac) ? sent.iface : undefined;
    const port = toItself ? hop.iface : (table ?? seen);
    if (port !== undefined && !isMacBehind(plan, { node, iface: port }, mac))
      return cause('mac-moved', 'mac-on-wrong-port', { node, owner, port, address });
  }
  return null;
}

/** The frame was for a node in another VLAN, whose MAC its sender has from a static entry, or from before. */
function inOtherVlan(hop: Hop, { plan }: Evidence): Cause | null {
  return isAddressee(hop, plan) ? null : vlanMismatchTo(plan, { srcMac: hop.src.mac, dstMac: hop.dst.mac });
}

/** The last lap of a packet whose TTL is used up: the node forwarded it before, so nothing else keeps it. */
function expiredInLoop(hop: Hop, leg: 'request' | 'reply', { plan, walk }: Evidence): Cause | null {
  const { node, dst } = hop;
  const laps = walk[leg].filter((one) => one.node === node && one.direction === 'in' && one.dst.ip === dst.ip);
  return hop.ttl <= 1 && laps.length > 1 && isAddressee(hop, plan)
    ? cause('loop', 'ttl-expired', { node, address: dst.ip })
    : null;
}

/** The packet exceeds the MTU of the interface where the node would forward it. */
function tooBigHere({ node, iface, src, dst }: Hop, { plan, packets }: Evidence): Cause | null {
  if (addressesOf(plan, node).includes(dst.ip)) return null;
  const route = routeOf(nodeOf(plan, node), { src: src.ip, dst: dst.ip });
  const dev = route !== null && 'dev' in route ? route.dev : null;
  const out = nodeOf(plan, node).interfaces.find(({ name }) => name === dev);
  if (out === undefined) return null;
  const { mtu = DEFAULT_MTU } = out;
  const isTooBig = packets.some(
    (p) =>
      p.node === node &&
      p.iface === iface &&
      p.direction === 'in' &&
      p.frame.ip?.src === src.ip &&
      p.frame.ip.dst === dst.ip &&
      p.frame.length - ETHERNET_HEADER > mtu,
  );
  return isTooBig ? cause('too-big', 'exceeds-mtu', { node, address: dst.ip, mtu }) : null;
}

/** The node has no route for the packet, or no end of its tunnel. */
function undeliverable(hop: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const isOwn = addressesOf(evidence.plan, hop.node).includes(hop.dst.ip);
  const why = insideKernel(hop, leg, evidence);
  const isNoRoute = why?.code === 'no-route' && evidence.kernel === 'no-route' && !isOwn;
  return isNoRoute || why?.code === 'no-tunnel-end' ? why : null;
}

/** The node sent ARP requests for the next hop without a reply. */
function unanswered(hop: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const { node, src, dst } = hop;
  const { plan, flow } = evidence;
  const service = serviceOf(plan, flow);
  // A packet rejected by the kernel because of its source has no next hop; in dsr the L4 forwards packets before the
  // kernel sees them.
  const forwardsFrames = service !== undefined && MODES[service.mode].handsOver === 'mac' && balancedBy(service, node);
  const early = forwardsFrames && service.vip === dst.ip;
  if (refusesSource(evidence) && !early) return null;
  // No flow goes to a server that is down: the request is from a health check.
  const chosen = leg === 'request' && balancedBy(service, node) ? serversInUse(node, service!, evidence) : [];
  const sentOn = translatedBack(evidence, node, dst.ip);
  const own = sentOn === null ? [] : [sentOn.source.ip];
  const sources = [src.ip, broughtBy(hop, plan).src.ip, flow.source, ...own];
  const ends = [dst.ip, ...sources, ...chosen.map(({ address }) => address)];
  const target = unansweredArp(evidence, node, ends);
  if (target === null) return null;
  // It may have asked for the sender to report why it does not forward the packet.
  const isForSender = target !== dst.ip && !chosen.some(({ address }) => address === target);
  const reported = isForSender
    ? (deadEndHere(hop, evidence) ?? tooBigHere(hop, evidence) ?? undeliverable(hop, leg, evidence))
    : null;
  if (reported !== null) return reported;
  if (forwardsFrames && service.pool.some(({ address }) => address === target)) {
    const near = nodeOf(plan, node)
      .interfaces.flatMap((i) => i.addresses)
      .some((cidr) => contains(network(cidr), target));
    if (!near) return cause('server-not-adjacent', 'server-off-segment', { node, address: target });
  }
  return withoutAnswer(evidence, node, target);
}
