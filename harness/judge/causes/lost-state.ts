import { cause, type Cause } from '../../terms/cause.ts';
import type { Frame, Sighting } from '../../terms/sighting.ts';
import { balancedBy, nodeOf, nodeWithMac, serviceOf } from '../../scenario/lookup.ts';
import { isDirect } from '../../terms/mode.ts';
import type { NodePlan, Plan } from '../../terms/plan.ts';
import { milliseconds } from '../../observe/stream-calls.ts';
import { isAddressee, sameSegment, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { addressesOf, type Rule } from './rule.ts';
import { unansweredArp } from './unanswered-arp.ts';

/** A segment of an open connection reached a node without state for it: it was refused, or dropped silently. */
export const lostState: Rule = (evidence) => {
  const { moment, packets, key } = evidence;
  if (!moment || key.protocol !== 'tcp') return null;
  const sent = packets.filter(({ node, direction, frame }) => node === key.caller && direction === 'out' && frame.tcp);
  const isKept = moment.history !== undefined && !sent.some(({ frame }) => frame.tcp!.flags === 'S');
  // A kept connection may be reset before the request is sent, for example because of an acknowledgement.
  const request = sent.find(({ frame }) => frame.token === key.token) ?? (isKept ? sent[0] : undefined);
  if (!request) return null;
  return refused(request, evidence) ?? dropped(request, evidence);
};

/**
 * A load balancer with NAT forwarded a server's answer untranslated: it had not forwarded the request, or has lost the
 * connection since. The caller's reaction to such an answer is correct.
 */
export const forwardedUntranslated: Rule = (evidence) => {
  const { moment, packets, plan, flow, key } = evidence;
  const service = serviceOf(plan, flow);
  if (!moment || key.protocol !== 'tcp' || !service || isDirect(service)) return null;
  const answer = packets.find((came) => {
    const { node, time, direction, frame } = came;
    const isAddressed = direction === 'in' && nodeWithMac(plan, frame.dstMac)?.name === node;
    const isOfServer = service.pool.some(
      ({ address, port }) => frame.ip?.src === address && frame.tcp?.srcPort === port,
    );
    if (!isAddressed || !isOfServer || frame.tcp!.flags.includes('R') || !balancedBy(service, node)) return false;
    return packets.some(
      (left) =>
        left.node === node &&
        left.direction === 'out' &&
        left.time >= time &&
        left.frame.ip?.src === frame.ip!.src &&
        sameSegment(left.frame, frame),
    );
  });
  return answer ? without(answer.node, answer, evidence) : null;
};

/** TTL of Linux's own packets (IPDEFTTL). */
const INITIAL_TTL = 64;

/**
 * The connection was opened, then the caller's next hop changed: a node that has not seen it begin resets it. For
 * attempts of flows, after all other reasons for a changed path were ruled out.
 */
export const nextHopChanged: Rule = ({ packets, key, plan, flow, healthy }) => {
  const sent = packets.filter((p) => p.node === key.caller && p.direction === 'out' && p.frame.tcp?.flags !== 'S');
  const service = serviceOf(plan, flow);
  for (const { node, direction, time, frame: reset } of packets) {
    if (direction !== 'out' || reset.tcp?.flags !== 'R') continue;
    const earlier = packets.filter((p) => p.node === node && p.direction === 'in' && p.time <= time);
    // NAT may have hidden where it came from, but its TTL is lower then.
    const isForwarded = earlier.some(({ frame }) => sameSegment(frame, reset)) || reset.ip!.ttl < INITIAL_TTL;
    // On behalf of another node, it also refuses what that one's peer sends.
    const isOnBehalf = !addressesOf(plan, node).includes(reset.ip!.src);
    // Its number comes from the segment that it answers (RFC 9293, 3.10.7.1).
    const met = earlier.find(
      (p) =>
        p.frame.tcp?.ack === reset.tcp!.seq &&
        p.frame.ip?.dst === reset.ip?.src &&
        (isOnBehalf || sent.some(({ frame }) => sameSegment(frame, p.frame))),
    );
    if (met === undefined || isForwarded) continue;
    if (service && balancedBy(service, node) && healthy?.length === 0)
      return cause('no-server-available', 'pool-down', { node, service: service.name });
    const { src: source, dst: destination } = met.frame.ip!;
    return cause('connection-unknown', 'state-missing', { node, source, destination });
  }
  return null;
};

/** What a node counts that drops segments of connections whose SYN it has not seen (harness/agent/node-tables.ts). */
const UNBEGUN = 'l4lab_idle unbegun';

/**
 * The connection was opened around a node that keeps connections for a limited time, and then a segment of the server, or of the
 * caller, met it: it drops what belongs to no connection.
 */
export const unbegun: Rule = ({ packets, plan, counters, moment }) => {
  if (moment) return null;
  for (const { name, idleTimeoutMs } of plan.nodes) {
    if (idleTimeoutMs === undefined || counters?.[name]?.[UNBEGUN] === undefined) continue;
    const at = packets.filter(({ node, frame }) => node === name && frame.tcp !== undefined);
    // Conntrack does not see what only the node's bridge forwards.
    const isRouted = ({ direction, frame }: Sighting): boolean =>
      nodeWithMac(plan, direction === 'in' ? frame.dstMac : frame.srcMac)?.name === name;
    if (at.some((one) => one.frame.tcp!.flags === 'S' && isRouted(one))) continue;
    const dropped = at.find(
      (came) =>
        came.direction === 'in' &&
        isRouted(came) &&
        !/[SR]/.test(came.frame.tcp!.flags) &&
        !at.some((one) => one.direction === 'out' && one.time >= came.time && sameSegment(one.frame, came.frame)),
    );
    if (dropped === undefined) continue;
    const { src: source, dst: destination } = dropped.frame.ip!;
    return cause('connection-unknown', 'state-missing', { node: name, source, destination });
  }
  return null;
};

/**
 * A reset without ACK, in answer to a segment with ACK, means that there is no such connection (RFC 9293, 3.10.7.1); a
 * program that aborts its connection sends one with ACK.
 */
function refused(request: Sighting, evidence: Evidence): Cause | null {
  const { packets, key, plan, flow, healthy } = evidence;
  const isOfCaller = (frame: Frame): boolean =>
    packets.some((one) => one.node === key.caller && one.direction === 'out' && sameSegment(one.frame, frame));
  const reset = packets.find(
    ({ time, direction, frame }) =>
      time >= request.time && direction === 'out' && frame.tcp?.flags === 'R' && !isOfCaller(frame),
  );
  if (!reset) return null;
  const service = serviceOf(plan, flow);
  const { node } = reset;
  // A load balancer without servers rejects.
  if (service && balancedBy(service, node) && healthy?.length === 0)
    return cause('no-server-available', 'pool-down', { node, service: service.name });
  return without(node, request, evidence);
}

/** It entered a stateful node, did not leave, and the node cannot have state for it. */
function dropped(request: Sighting, evidence: Evidence): Cause | null {
  const { plan, moment, packets } = evidence;
  const ended = vanishedAt(evidence)?.hop;
  if (ended?.direction !== 'in') return null;
  const node = nodeOf(plan, ended.node);
  if (!keepsState(node) || !(node.bridge || isAddressee(ended, plan))) return null;
  const servers = serviceOf(plan, evidence.flow)?.pool.map(({ address }) => address) ?? [];
  if (unansweredArp(evidence, node.name, [ended.src.ip, ended.dst.ip, ...servers]) !== null) return null;
  const began = packets.some(({ node: at, frame }) => at === node.name && frame.tcp?.flags === 'S');
  const sawSyn = began || (moment!.history?.sawSyn.includes(node.name) ?? false);
  const hasNone = !sawSyn || forgets(plan, moment!.step, node.name) || hasExpired(node, evidence);
  if (hasNone) return without(node.name, request, evidence);
  const other = continuedThrough(node.name, evidence);
  const { src: source, dst: destination } = request.frame.ip!;
  return other === undefined
    ? null
    : cause('connection-unknown', 'state-outdated', { node: node.name, source, destination, other });
}

/** Another load balancer that the connection used after a translating node last saw it (tcp_in_window). */
function continuedThrough(node: string, { plan, flow, moment }: Evidence): string | undefined {
  const service = serviceOf(plan, flow);
  const { lastSeen = {} } = moment!.history ?? {};
  const last = lastSeen[node];
  if (!service || isDirect(service) || last === undefined || !balancedBy(service, node)) return undefined;
  return service.l4s.map((l4) => l4.node).find((name) => name !== node && (lastSeen[name] ?? 0) > last);
}

function without(node: string, { frame }: Sighting, evidence: Evidence): Cause {
  const settings = nodeOf(evidence.plan, node);
  const { src: source, dst: destination } = frame.ip!;
  return hasExpired(settings, evidence)
    ? cause('idle-expired', 'state-expired', { node, source, destination, idleMs: settings.idleTimeoutMs! })
    : cause('connection-unknown', 'state-missing', { node, source, destination });
}

/** Whether a node had not seen the connection for longer than its idle timeout. */
function hasExpired({ name, idleTimeoutMs }: NodePlan, { moment, packets, epoch }: Evidence): boolean {
  const last = moment!.history?.lastSeen[name];
  const next = packets.find(({ node, frame }) => node === name && !frame.arp);
  if (idleTimeoutMs === undefined || last === undefined || !next) return false;
  return milliseconds(epoch, next.time) - last >= idleTimeoutMs;
}

function keepsState({ firewall, balancer, idleTimeoutMs }: NodePlan): boolean {
  return firewall === 'stateful' || balancer !== null || idleTimeoutMs !== undefined;
}

/** Whether a step up to this one made a node forget its connections. */
function forgets({ timeline }: Plan, step: number, node: string): boolean {
  const actions = timeline?.steps.slice(0, step + 1).flatMap((one) => one.actions) ?? [];
  return actions.some(
    (action) =>
      'node' in action &&
      action.node === node &&
      ['kill', 'start', 'stopLb', 'startLb', 'restartLb', 'flushConnections'].includes(action.do),
  );
}
