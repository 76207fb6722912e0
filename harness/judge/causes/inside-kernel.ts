import { listensAt } from '../../terms/listener.ts';
import { isV6 } from '../../scenario/address.ts';
import { endDevice, endsAt } from '../../terms/tunnel.ts';
import { MODES, vipsAtIngress } from '../../terms/mode.ts';
import { cause, type Cause, type CauseCode } from '../../terms/cause.ts';
import type { Hop } from '../../terms/walk.ts';
import { balancedBy, nodeOf, ownerOf, serviceOf } from '../../scenario/lookup.ts';
import type { NodePlan, ServicePlan } from '../../terms/plan.ts';
import { broughtBy, isAddressee, refusesSource, type Evidence } from '../evidence/evidence.ts';
import { deadEndAt, deadEndOnward, missingAt } from './dead-end.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { addressesOf } from './rule.ts';
import { hasNoAvailableServer } from './available-servers.ts';

/**
 * A packet entered a node and was not seen again: decides by the kernel's answer about exactly that packet (`ip route
 * get … from … iif …`), and by counters. Null if neither explains it.
 */
export function insideKernel(hop: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const { plan, flow, kernel } = evidence;
  const { node, iface, src, dst } = hop;
  // In dsr frames are forwarded before the kernel processes them, and dropped if their TTL is used up.
  if (hop.ttl <= 1 && handsFramesOver(hop, evidence)) return cause('loop', 'ttl-expired', { node, address: dst.ip });
  const own = addressesOf(plan, node);
  const service = serviceOf(plan, flow);
  const settings = nodeOf(plan, node);
  const atEnd = atTunnelEnd(hop, evidence);
  if (atEnd !== null) return atEnd;
  // A kernel that accepts its own addresses as source still requires the right incoming interface.
  const refusesOwn = own.includes(src.ip) && !isOn('accept_local', settings, iface);
  const brought = broughtBy(hop, plan);
  const deadEnd = deadEndHere(hop, evidence) ?? deadEndHere(brought, evidence);
  if (deadEnd !== null) return deadEnd;
  // The kernel was asked about the received packet; if NAT changed its destination, counters are more reliable.
  const counted = service && balancedBy(service, node) && dst.ip === service.vip ? byCounters(hop, evidence) : null;
  if (counted) return counted;
  const rejects =
    service !== undefined &&
    leg === 'request' &&
    balancedBy(service, node) &&
    dst.ip === service.vip &&
    hasNoAvailableServer(node, service, evidence);
  // Rejected before the kernel checks the source (lb/render/at-ingress.ts).
  if (rejects && isAtIngress(settings, service)) return rejection(service, brought, evidence);
  if (kernel === 'reverse-path' || (kernel === 'source-refused' && isOn('rp_filter', settings, iface) && !refusesOwn)) {
    return cause('reverse-path', 'reverse-path-fails', { node, source: src.ip, iface });
  }
  if (kernel === 'source-refused' && refusesOwn) {
    return cause('own-address-as-source', 'own-source', { node, source: src.ip });
  }
  const { inside } = hop;
  if (inside !== undefined && own.includes(dst.ip) && !endsAt(settings, { outer: dst.ip, carried: inside.dst }))
    return cause('no-tunnel-end', 'tunnel-end-missing', { node, address: dst.ip });
  if (rejects) return rejection(service, brought, evidence);
  const exhausted =
    service && balancedBy(service, node) && leg === 'request' && portsExhausted(service, node, evidence);
  if (exhausted) return exhausted;
  const missing = isAddressee(hop, plan) ? deadEndHere(brought, evidence, missingAt) : null;
  if (missing !== null) return missing;
  if (own.includes(dst.ip) && own.includes(src.ip)) {
    const listens = listensAt(settings.listeners, { protocol: 'udp', address: dst.ip, port: dst.port });
    // In TCP, a reset from an address that was never called has no effect.
    if (flow.protocol === 'udp' && !listens)
      return cause('refused', 'listener-missing', { node, address: dst.ip, port: dst.port!, protocol: 'udp' });
    // The caller called from an address that this node has too.
    if (leg === 'request' && node !== flow.from && addressesOf(plan, flow.from).includes(src.ip))
      return cause('connection-unknown', 'state-missing', { node, source: dst.ip, destination: src.ip });
    const params = { node, called: flow.address, source: dst.ip, owner: ownerOf(plan, dst.ip) };
    return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
  }
  // An L4 answers echo requests to its VIP even without owning it.
  const echoed =
    flow.protocol === 'icmp' && settings.balancer !== null && balancedBy(service, node) && dst.ip === service!.vip;
  if (own.includes(dst.ip) || echoed) {
    return answerHasNoRoute(brought, evidence) ?? byCounters(hop, evidence);
  }
  // IPv6 looks for a route even without forwarding (net/ipv6/route.c).
  const endsInIpv6 = isV6(dst.ip) && kernel === 'no-route';
  if (settings.sysctls['net/ipv4/ip_forward'] === '0' && !settings.bridge && !endsInIpv6) {
    return cause('not-forwarding', 'forwarding-off', { node, address: dst.ip });
  }
  if (kernel === 'no-route') return cause('no-route', 'route-missing', { node, address: dst.ip });
  if (hop.ttl <= 1 && isAddressee(hop, plan)) {
    return cause('loop', 'ttl-expired', { node, address: dst.ip });
  }
  return byCounters(hop, evidence);
}

/**
 * A packet from a tunnel arrives on a device without address and return route: even a loose reverse path check drops
 * it.
 */
function atTunnelEnd({ node, dst, inside }: Hop, { plan, counters }: Evidence): Cause | null {
  const settings = nodeOf(plan, node);
  if (inside === undefined || inside.src.includes(':')) return null;
  if (!endsAt(settings, { outer: dst.ip, carried: inside.dst })) return null;
  const [all, own] = ['all', 'default'].map((scope) =>
    Number(settings.sysctls[`net/ipv4/conf/${scope}/rp_filter`] ?? 0),
  );
  const isChecked = Math.max(all!, own!) !== 0;
  const hasCounted = counters === null || Object.keys(counters[node] ?? {}).some((name) => REVERSE_PATH.test(name));
  if (!isChecked || !hasCounted) return null;
  return cause('reverse-path', 'reverse-path-fails', {
    node,
    source: inside.src,
    iface: endDevice({ address: dst.ip, carries: 4 }),
  });
}

function handsFramesOver(hop: Hop, { plan, flow, healthy }: Evidence): boolean {
  const service = serviceOf(plan, flow);
  if (!service || MODES[service.mode].handsOver !== 'mac' || service.vip !== hop.dst.ip) return false;
  const isAnyUp = healthy === null || service.pool.some((server) => healthy.includes(server.node));
  return isAnyUp && flow.protocol !== 'icmp' && balancedBy(service, hop.node) && isAddressee(hop, plan);
}

function isAtIngress({ balancer }: NodePlan, { vip }: ServicePlan): boolean {
  return balancer !== null && vipsAtIngress(balancer.config).has(vip);
}

/** A load balancer without an available server rejects, if it has a route to the caller. */
function rejection({ name: service }: ServicePlan, brought: Hop, evidence: Evidence): Cause {
  const { node, src, dst } = brought;
  return (
    answerHasNoRoute(brought, evidence) ??
    deadEndAt(evidence, node, { src: dst.ip, dst: src.ip }) ??
    cause('no-server-available', 'pool-down', { node, service })
  );
}

function answerHasNoRoute({ node, src }: Hop, { kernelOnAnswer }: Evidence): Cause | null {
  return kernelOnAnswer === 'no-route' ? cause('no-route', 'route-missing', { node, address: src.ip }) : null;
}

/** A dead-end route of the packet, or of its answer if the packet is for this node. */
export function deadEndHere(
  { node, src, dst }: Hop,
  evidence: Evidence,
  endAt: typeof missingAt = deadEndAt,
): Cause | null {
  const { plan, flow } = evidence;
  const { sysctls, bridge, balancer } = nodeOf(plan, node);
  const service = serviceOf(plan, flow);
  const balances = balancedBy(service, node) && balancer !== null;
  const isForService = balances && service?.vip === dst.ip;
  // An L4 answers echo requests to its VIP itself, even without owning it.
  const isBalanced = isForService && flow.protocol !== 'icmp';
  // After the load balancer, an answer to a proxy IP has the caller as destination.
  const isOfServer = balances && service?.pool.some(({ address }) => address === src.ip) === true;
  if (isOfServer && !isForService) return endAt(evidence, node, { src: src.ip, dst: flow.source });
  const isTranslated = translatedBack(evidence, node, dst.ip) !== null;
  const isForNode = (addressesOf(plan, node).includes(dst.ip) || isForService) && !isBalanced && !isTranslated;
  // For packets to the node itself, the source is checked before anything is answered.
  if (isForNode) return refusesSource(evidence) ? null : endAt(evidence, node, { src: dst.ip, dst: src.ip });
  const forwards = dst.ip.includes(':') || sysctls['net/ipv4/ip_forward'] !== '0' || bridge;
  return forwards ? deadEndOnward(evidence, node, { src: src.ip, dst: dst.ip }, endAt) : null;
}

const REVERSE_PATH = /IPReversePathFilter$/;

/** Even if the kernel would now forward the packet, its counters may show that it did not. */
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

/** If source NAT finds no free port, it takes a used one, and conntrack drops the flow when inserting it. */
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

/** Whether an IPv4 setting is on at an interface or at `all` (either is enough for these two). */
export function isOn(setting: 'rp_filter' | 'accept_local', { sysctls }: NodePlan, iface: string): boolean {
  return ['all', iface].some((scope) => Number(sysctls[`net/ipv4/conf/${scope}/${setting}`] ?? 0) !== 0);
}
