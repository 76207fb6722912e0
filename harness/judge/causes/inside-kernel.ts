import { MODES } from '../../terms/mode.ts';
import type { CauseCode } from '../../terms/cause.ts';
import type { Cause, Hop } from '../../terms/walk.ts';
import { nodeOf, serviceOf } from '../../scenario/lookup.ts';
import type { NodePlan, ServicePlan } from '../../terms/plan.ts';
import { isAddressee, type Evidence } from '../evidence.ts';
import { addressesOf, cause } from './rule.ts';

/**
 * A packet that came in at a node and was not seen again: its kernel is asked about that very packet
 * (`ip route get … from … iif …`), and its counters are read. Null where neither tells.
 */
export function insideKernel(hop: Hop, leg: 'request' | 'reply', evidence: Evidence): Cause | null {
  const { plan, flow, kernel, healthy } = evidence;
  const { node, iface, src, dst } = hop;
  const own = addressesOf(plan, node);
  const service = serviceOf(plan, flow);
  const says = kernel ?? '';
  const settings = nodeOf(plan, node);
  // A kernel that takes packets from its own addresses asks of them what it asks of others: to come by the right interface.
  const refusesOwn = own.includes(src.ip) && !isOn('accept_local', settings, iface);
  // The kernel is asked about the packet as it came; where NAT gave it another destination, counters know better.
  const counted = service && node === service.l4 && dst.ip === service.vip ? byCounters(hop, evidence) : null;
  if (counted) return counted;
  if (
    /Invalid cross-device link/.test(says) ||
    (/Invalid argument/.test(says) && isOn('rp_filter', settings, iface) && !refusesOwn)
  ) {
    return cause(
      'reverse-path',
      node,
      `${node} got a packet from ${src.ip} at ${iface}, by which it would not send to ${src.ip}, and rp_filter is on there`,
    );
  }
  if (/Invalid argument/.test(says) && refusesOwn) {
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
  const echoed =
    flow.protocol === 'icmp' && settings.balancer !== null && service?.l4 === node && dst.ip === service.vip;
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
  if (!MODES[mode].hidesSource || (counters[l4]?.['ConntrackInsertFails'] ?? 0) === 0) return null;
  return cause('ports-exhausted', l4, `${l4} found no free port of ${proxyIps.join(', ')} for a flow to ${name}`);
}

/** Whether a setting of IPv4 is on at an interface or at all of them (for both of these, either is enough). */
function isOn(setting: 'rp_filter' | 'accept_local', { sysctls }: NodePlan, iface: string): boolean {
  return ['all', iface].some((scope) => Number(sysctls[`net/ipv4/conf/${scope}/${setting}`] ?? 0) !== 0);
}
