import type { Hop } from '../../model/walk.ts';
import { contains, network } from '../../scenario/address.ts';
import { isAddressee, refusesSource, vanishedAt, type Evidence } from '../evidence.ts';
import type { CauseCode } from '../../model/cause.ts';
import type { Cause } from '../../model/walk.ts';
import type { ServicePlan } from '../../scenario/plan.ts';
import { nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { addressesOf, cause, unansweredArp, type Rule } from './rule.ts';

/** DSR: the request reached a server that does not hold the VIP; if that server routes, it passed the packet on. */
export const withoutVip: Rule = ({ plan, flow, walk }) => {
  const service = serviceOf(plan, flow);
  if (service?.mode !== 'dsr' && service?.mode !== 'l3dsr') return null;
  const asked = (node: string): string | undefined =>
    service.mode === 'dsr' ? service.vip : nodeOf(plan, node).undoDscp?.find(({ vip }) => vip === service.vip)?.address;
  const at = walk.request.find(
    ({ node, direction, dst }) =>
      direction === 'in' &&
      dst.ip === asked(node) &&
      service.pool.some((server) => server.node === node) &&
      !addressesOf(plan, node).includes(service.vip),
  );
  if (!at) return null;
  return cause(
    'vip-not-on-server',
    at.node,
    `the frame for ${service.vip} reached ${at.node}, which does not hold that address`,
  );
};

/** A packet entered a node, or was to leave it, and was not seen again. */
export const vanished: Rule = (evidence) => {
  const at = vanishedAt(evidence);
  if (!at) return null;
  const { hop, leg } = at;
  if (hop.direction === 'out') return lostOnWire(hop, evidence);
  return macMoved(hop, evidence) ?? unanswered(hop, leg, evidence) ?? insideKernel(hop, leg, evidence);
};

function lostOnWire({ node, iface, dst }: Hop, { plan }: Evidence): Cause {
  const peer = plan.links.flatMap(({ ends: [a, b] }) =>
    a.node === node && a.iface === iface ? [b] : b.node === node && b.iface === iface ? [a] : [],
  )[0];
  const down = peer && nodeOf(plan, peer.node).interfaces.find(({ name }) => name === peer.iface)?.up === false;
  return down
    ? cause(
        'no-neighbour',
        node,
        `${node} sends to ${dst.ip}, but the interface of ${peer.node} at the other end is down`,
      )
    : cause('unexplained', node, `${node} sends to ${dst.ip} and nobody at the other end of the wire sees it`);
}

/** The frame ended at a node that it was not addressed to, since a switch had learned its MAC at the wrong port. */
function macMoved(hop: Hop, { plan, macTables, walk }: Evidence): Cause | null {
  if (isAddressee(hop, plan)) return null;
  const owner = plan.nodes.find((node) => node.interfaces.some(({ mac }) => mac === hop.dst.mac));
  const way = walk.reply.length > 0 ? walk.reply : walk.request;
  // A frame to the MAC that it comes from teaches the wrong port to the switch that it has just reached.
  const toItself = hop.src.mac === hop.dst.mac;
  const wrong = toItself
    ? undefined
    : way.filter(({ node, direction }) => direction === 'out' && nodeOf(plan, node).bridge).at(-1);
  const switchNode = wrong?.node ?? (nodeOf(plan, hop.node).bridge ? hop.node : undefined);
  if (!owner || switchNode === undefined) return null;
  const port = toItself ? hop.iface : (macTables[switchNode]?.[hop.dst.mac] ?? wrong?.iface);
  return cause(
    'mac-moved',
    switchNode,
    `${switchNode} holds the MAC of ${owner.name} at its port ${port ?? '?'}; the frame for ${hop.dst.ip} went that way and ended at ${hop.node}`,
  );
}

/** The node asked for the next hop by ARP, and nobody answered. */
function unanswered({ node, src, dst }: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const { plan, flow, healthy } = evidence;
  const service = serviceOf(plan, flow);
  // What the kernel refuses for its source has no next hop; in dsr the L4 sends packets on before the kernel sees them.
  const early = service?.mode === 'dsr' && service.l4 === node && service.vip === dst.ip;
  if (refusesSource(evidence) && !early) return null;
  // No flow goes to a server that is down: it is a health check that asks for its MAC.
  const servers = leg === 'request' && service?.l4 === node ? service.pool : [];
  const chosen = servers.filter((server) => healthy?.includes(server.node) !== false);
  const ends = [dst.ip, src.ip, flow.source, ...chosen.map(({ address }) => address)];
  const target = unansweredArp(evidence, node, ends);
  if (target === null) return null;
  if (service?.mode === 'dsr' && service.l4 === node && service.pool.some(({ address }) => address === target)) {
    const near = nodeOf(plan, node)
      .interfaces.flatMap((i) => i.addresses)
      .some((cidr) => contains(network(cidr), target));
    if (!near)
      return cause(
        'server-not-adjacent',
        node,
        `${node} looks for the MAC of ${target} on its own segment; that server is in another subnet`,
      );
  }
  return cause('no-neighbour', node, `${node} asked for ${target} and nobody answered`);
}

/** The kernel of the node is asked about the very packet (`ip route get … from … iif …`). */
function insideKernel(hop: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const { plan, flow, kernel, healthy } = evidence;
  const { node, iface, src, dst } = hop;
  const own = addressesOf(plan, node);
  const service = serviceOf(plan, flow);
  const says = kernel ?? '';
  const settings = nodeOf(plan, node);
  // The kernel is asked about the packet as it came; where NAT gave it another destination, counters know better.
  const counted = service && node === service.l4 && dst.ip === service.vip ? byCounters(hop, evidence) : null;
  if (counted) return counted;
  if (
    /Invalid cross-device link/.test(says) ||
    (/Invalid argument/.test(says) && filters(settings.sysctls, iface) && !own.includes(src.ip))
  ) {
    return cause(
      'reverse-path',
      node,
      `${node} got a packet from ${src.ip} at ${iface}, by which it would not send to ${src.ip}, and rp_filter is on there`,
    );
  }
  if (/Invalid argument/.test(says) && own.includes(src.ip)) {
    return cause('own-address-as-source', node, `${node} got a packet from ${src.ip}, which is an address of its own`);
  }
  if (
    service &&
    leg === 'request' &&
    node === service.l4 &&
    dst.ip === service.vip &&
    healthy !== null &&
    !service.pool.some((server) => healthy.includes(server.node))
  ) {
    return (
      answerHasNoRoute(hop, evidence) ??
      cause('no-server-available', node, `${node} holds no server of ${service.name} for healthy`)
    );
  }
  const exhausted = service && node === service.l4 && leg === 'request' && portsExhausted(service, evidence);
  if (exhausted) return exhausted;
  if (own.includes(dst.ip) && own.includes(src.ip)) {
    const listens = settings.listeners.some(({ protocol, port }) => protocol === 'udp' && port === dst.port);
    // Over TCP, a reset from an address that was never called is for nobody.
    if (flow.protocol === 'udp' && !listens)
      return cause('refused', node, `${node} took its own call for ${dst.ip}, and nobody there listens on ${dst.port}`);
    return cause(
      'reply-not-from-vip',
      node,
      `${node} took its own call for ${dst.ip} and answered it inside, from there`,
    );
  }
  // An L4 answers an echo to its VIP even where it does not own it.
  const echoed = flow.protocol === 'icmp' && settings.lb !== null && service?.l4 === node && dst.ip === service.vip;
  if (own.includes(dst.ip) || echoed) {
    return answerHasNoRoute(hop, evidence) ?? byCounters(hop, evidence);
  }
  if (settings.sysctls['net/ipv4/ip_forward'] === '0' && !settings.bridge) {
    return cause(
      'not-forwarding',
      node,
      `${node} got a packet for ${dst.ip}, which is not its own, and does not forward`,
    );
  }
  if (/unreachable/.test(says)) return cause('no-route', node, `${node} has no route to ${dst.ip}`);
  if (hop.ttl <= 1 && isAddressee(hop, plan)) {
    return cause(
      'loop',
      node,
      `${node} was to pass on the packet for ${dst.ip}, whose TTL had come down to ${hop.ttl}`,
    );
  }
  return byCounters(hop, evidence);
}

function answerHasNoRoute({ node, src }: Hop, { kernelOnAnswer }: Evidence): Cause | null {
  return /unreachable/.test(kernelOnAnswer ?? '')
    ? cause('no-route', node, `${node} got the packet and has no route to ${src.ip}, so its answer never left`)
    : null;
}

/** Where the kernel would send the packet on when asked afterwards, its counters may still tell that it did not. */
function byCounters({ node, dst }: Hop, { plan, counters }: Evidence): Cause | null {
  const rose = (pattern: RegExp): string | undefined => Object.keys(counters[node] ?? {}).find((c) => pattern.test(c));
  const tell = (code: CauseCode, counter: string | undefined): Cause | null =>
    counter === undefined
      ? null
      : cause(code, node, `${node} dropped a packet for ${dst.ip}: its counter ${counter} rose`);
  return (
    tell('reverse-path', rose(/IPReversePathFilter$/)) ??
    tell('no-route', rose(/(In|Out)NoRoutes$/)) ??
    (nodeOf(plan, node).firewall === 'stateful' ? tell('half-seen-by-firewall', rose(/^l4lab_firewall /)) : null)
  );
}

/** Source NAT that finds no free port takes a used one, and conntrack drops the flow when it enters it. */
function portsExhausted({ name, l4, proxyIps, mode }: ServicePlan, { counters }: Evidence): Cause | null {
  if (mode !== 'proxy' || (counters[l4]?.['ConntrackInsertFails'] ?? 0) === 0) return null;
  return cause('ports-exhausted', l4, `${l4} found no free port of ${proxyIps.join(', ')} for a flow to ${name}`);
}

function filters(sysctls: Record<string, string>, iface: string): boolean {
  return (
    Math.max(
      Number(sysctls['net/ipv4/conf/all/rp_filter'] ?? 0),
      Number(sysctls[`net/ipv4/conf/${iface}/rp_filter`] ?? 0),
    ) !== 0
  );
}
