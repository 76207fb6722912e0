import { listensAt } from '../../terms/listener.ts';
import { TUNNEL_END } from '../../terms/tunnel.ts';
import { MODES } from '../../terms/mode.ts';
import { cause, type Cause, type CauseCode } from '../../terms/cause.ts';
import type { Hop } from '../../terms/walk.ts';
import { balancedBy, nodeOf, ownerOf, serviceOf } from '../../scenario/lookup.ts';
import type { NodePlan, ServicePlan } from '../../terms/plan.ts';
import { isAddressee, refusesSource, type Evidence } from '../evidence/evidence.ts';
import { deadEndAt, deadEndOnward, missingAt } from './dead-end.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { addressesOf } from './rule.ts';
import { hasNoAvailableServer } from './no-available-server.ts';

/**
 * A packet that came in at a node and was not seen again: its kernel is asked about that very packet
 * (`ip route get … from … iif …`), and its counters are read. Null where neither tells.
 */
export function insideKernel(hop: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const { plan, flow, kernel } = evidence;
  const { node, iface, src, dst } = hop;
  // In dsr frames are on their way before the kernel makes anything of them, and those without a hop left are dropped.
  if (hop.ttl <= 1 && handsFramesOver(hop, evidence)) return cause('loop', 'ttl-expired', { node, address: dst.ip });
  const own = addressesOf(plan, node);
  const service = serviceOf(plan, flow);
  const settings = nodeOf(plan, node);
  const atEnd = atTunnelEnd(hop, evidence);
  if (atEnd !== null) return atEnd;
  // A kernel that takes packets from its own addresses asks of them what it asks of others: to come by the right interface.
  const refusesOwn = own.includes(src.ip) && !isOn('accept_local', settings, iface);
  const deadEnd = deadEndHere(hop, evidence);
  if (deadEnd !== null) return deadEnd;
  // The kernel is asked about the packet as it came; where NAT gave it another destination, counters know better.
  const counted = service && balancedBy(service, node) && dst.ip === service.vip ? byCounters(hop, evidence) : null;
  if (counted) return counted;
  if (kernel === 'reverse-path' || (kernel === 'source-refused' && isOn('rp_filter', settings, iface) && !refusesOwn)) {
    return cause('reverse-path', 'reverse-path-fails', { node, source: src.ip, iface });
  }
  if (kernel === 'source-refused' && refusesOwn) {
    return cause('own-address-as-source', 'own-source', { node, source: src.ip });
  }
  if (
    service &&
    leg === 'request' &&
    balancedBy(service, node) &&
    dst.ip === service.vip &&
    hasNoAvailableServer(node, service, evidence)
  ) {
    return (
      answerHasNoRoute(hop, evidence) ?? cause('no-server-available', 'pool-down', { node, service: service.name })
    );
  }
  const exhausted =
    service && balancedBy(service, node) && leg === 'request' && portsExhausted(service, node, evidence);
  if (exhausted) return exhausted;
  const missing = isAddressee(hop, plan) ? deadEndHere(hop, evidence, missingAt) : null;
  if (missing !== null) return missing;
  if (own.includes(dst.ip) && own.includes(src.ip)) {
    const listens = listensAt(settings.listeners, { protocol: 'udp', address: dst.ip, port: dst.port });
    // Over TCP, a reset from an address that was never called is for nobody.
    if (flow.protocol === 'udp' && !listens)
      return cause('refused', 'listener-missing', { node, address: dst.ip, port: dst.port!, protocol: 'udp' });
    const params = { node, called: flow.address, source: dst.ip, owner: ownerOf(plan, dst.ip) };
    return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
  }
  // An L4 answers an echo to its VIP even where it does not own it.
  const echoed =
    flow.protocol === 'icmp' && settings.balancer !== null && balancedBy(service, node) && dst.ip === service!.vip;
  if (own.includes(dst.ip) || echoed) {
    return answerHasNoRoute(hop, evidence) ?? byCounters(hop, evidence);
  }
  if (settings.sysctls['net/ipv4/ip_forward'] === '0' && !settings.bridge) {
    return cause('not-forwarding', 'forwarding-off', { node, address: dst.ip });
  }
  if (kernel === 'no-route') return cause('no-route', 'route-missing', { node, address: dst.ip });
  if (hop.ttl <= 1 && isAddressee(hop, plan)) {
    return cause('loop', 'ttl-expired', { node, address: dst.ip });
  }
  return byCounters(hop, evidence);
}

/**
 * A packet from a tunnel arrives on a device without an address, and no return path uses that device: a loose reverse path
 * check drops it as well.
 */
function atTunnelEnd({ node, dst, inside }: Hop, { plan, counters }: Evidence): Cause | null {
  const settings = nodeOf(plan, node);
  if (inside === undefined || inside.src.includes(':') || settings.tunnelEnds?.includes(dst.ip) !== true) return null;
  const [all, own] = ['all', 'default'].map((scope) =>
    Number(settings.sysctls[`net/ipv4/conf/${scope}/rp_filter`] ?? 0),
  );
  const isChecked = Math.max(all!, own!) !== 0;
  const hasCounted = counters === null || Object.keys(counters[node] ?? {}).some((name) => REVERSE_PATH.test(name));
  if (!isChecked || !hasCounted) return null;
  return cause('reverse-path', 'reverse-path-fails', { node, source: inside.src, iface: TUNNEL_END[4] });
}

function handsFramesOver(hop: Hop, { plan, flow, healthy }: Evidence): boolean {
  const service = serviceOf(plan, flow);
  if (!service || MODES[service.mode].handsOver !== 'mac' || service.vip !== hop.dst.ip) return false;
  const isAnyUp = healthy === null || service.pool.some((server) => healthy.includes(server.node));
  return isAnyUp && flow.protocol !== 'icmp' && balancedBy(service, hop.node) && isAddressee(hop, plan);
}

function answerHasNoRoute({ node, src }: Hop, { kernelOnAnswer }: Evidence): Cause | null {
  return kernelOnAnswer === 'no-route' ? cause('no-route', 'route-missing', { node, address: src.ip }) : null;
}

/** A route that leads nowhere, of the packet, or of the answer to it where it is for this node. */
function deadEndHere({ node, src, dst }: Hop, evidence: Evidence, endAt: typeof missingAt = deadEndAt): Cause | null {
  const { plan, flow } = evidence;
  const { sysctls, bridge } = nodeOf(plan, node);
  const service = serviceOf(plan, flow);
  const isForService = balancedBy(service, node) && service?.vip === dst.ip;
  // An L4 answers an echo to its VIP itself, even where it does not own it.
  const isBalanced = isForService && flow.protocol !== 'icmp';
  // An answer under a proxy IP has the caller as its destination once the load balancer has looked at it.
  const isOfServer = balancedBy(service, node) && service?.pool.some(({ address }) => address === src.ip) === true;
  if (isOfServer && !isForService) return endAt(evidence, node, { src: src.ip, dst: flow.source });
  const isTranslated = translatedBack(evidence, node, dst.ip) !== null;
  const isForNode = (addressesOf(plan, node).includes(dst.ip) || isForService) && !isBalanced && !isTranslated;
  // What comes to the node itself is checked for its source before anything is answered.
  if (isForNode) return refusesSource(evidence) ? null : endAt(evidence, node, { src: dst.ip, dst: src.ip });
  const forwards = dst.ip.includes(':') || sysctls['net/ipv4/ip_forward'] !== '0' || bridge;
  return forwards ? deadEndOnward(evidence, node, { src: src.ip, dst: dst.ip }, endAt) : null;
}

const REVERSE_PATH = /IPReversePathFilter$/;

/** Where the kernel would send the packet on when asked afterwards, its counters may still tell that it did not. */
function byCounters({ node, iface, dst }: Hop, { plan, counters }: Evidence): Cause | null {
  const rose = (pattern: RegExp): string | undefined =>
    Object.keys(counters?.[node] ?? {}).find((c) => pattern.test(c));
  const counted = (code: CauseCode, counter: string | undefined): Cause | null =>
    counter === undefined ? null : cause(code, 'counter-rose', { node, address: dst.ip, iface, counter });
  return (
    counted('reverse-path', rose(REVERSE_PATH)) ??
    counted('no-route', rose(/(In|Out)NoRoutes$/)) ??
    (nodeOf(plan, node).firewall === 'stateful' ? counted('half-seen-by-firewall', rose(/^l4lab_firewall /)) : null)
  );
}

/** Source NAT that finds no free port takes a used one, and conntrack drops the flow when it enters it. */
function portsExhausted(
  { name: service, l4s, mode }: ServicePlan,
  node: string,
  { plan, counters, moment }: Evidence,
): Cause | null {
  const hasRefused = moment?.flowsRefused?.has(node) ?? (counters?.[node]?.['ConntrackInsertFails'] ?? 0) > 0;
  if (!MODES[mode].hidesSource || !hasRefused) return null;
  const { proxyIps } = l4s.find((l4) => l4.node === node)!;
  const config = nodeOf(plan, node).balancer?.config.services.find(({ name }) => name === service);
  return cause('ports-exhausted', 'ports-used-up', { node, service, proxyIps, ports: config?.proxyPorts ?? null });
}

/** Whether a setting of IPv4 is on at an interface or at all of them (for both of these, either is enough). */
export function isOn(setting: 'rp_filter' | 'accept_local', { sysctls }: NodePlan, iface: string): boolean {
  return ['all', iface].some((scope) => Number(sysctls[`net/ipv4/conf/${scope}/${setting}`] ?? 0) !== 0);
}
