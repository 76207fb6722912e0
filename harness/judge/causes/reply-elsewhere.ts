import { otherPort } from '../../terms/reply-port.ts';
import { nodeOf, ownerOf, serviceOf } from '../../scenario/lookup.ts';
import { ownServiceOf } from '../../terms/own-calls.ts';
import type { Hop } from '../../terms/walk.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { isAddressee, refusesSource, sameSegment, type Evidence } from '../evidence/evidence.ts';
import { addressesOf, type Rule } from './rule.ts';

/**
 * The answer reached the load balancer that hides the caller, from an address or port that it sent nothing to, so it belongs to
 * none of its connections.
 */
export const replyToProxyIp: Rule = ({ walk, flow, plan, packets }) => {
  const last = walk.reply.at(-1);
  const service = serviceOf(plan, flow);
  const l4 = service?.l4s.find(({ node }) => node === last?.node);
  if (!last || !l4?.proxyIps.includes(last.dst.ip) || !isAddressee(last, plan)) return null;
  if (isError(last, packets)) return null;
  const sent = walk.request.findLast(({ node, direction }) => node === l4.node && direction === 'out');
  const isServer = service!.pool.some(({ address }) => address === sent?.dst.ip);
  if (sent === undefined || !isServer) return null;
  const ports = otherPort(sent.dst.port, last.src.port);
  if (sent.dst.ip === last.src.ip && ports.ports === undefined) return null;
  const source = last.src.ip;
  const params = { node: l4.node, called: sent.dst.ip, source, owner: ownerOf(plan, source), ...ports };
  return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
};

/**
 * The same for a later segment of the connection, whose source a node on its path has changed: the load balancer's kernel
 * resets it.
 */
export const segmentToProxyIp: Rule = ({ walk, flow, plan, packets }) => {
  const service = serviceOf(plan, flow);
  for (const { node, proxyIps } of service?.l4s ?? []) {
    const sent = walk.request.findLast((hop) => hop.node === node && hop.direction === 'out');
    const at = packets.filter((one) => one.node === node && one.frame.tcp !== undefined);
    for (const { time, direction, frame: reset } of at) {
      if (direction !== 'out' || reset.tcp?.flags !== 'R' || !proxyIps.includes(reset.ip!.src)) continue;
      const met = at.find(
        (one) =>
          one.direction === 'in' &&
          one.time <= time &&
          one.frame.tcp!.ack === reset.tcp!.seq &&
          one.frame.ip!.src === reset.ip!.dst &&
          one.frame.ip!.dst === reset.ip!.src,
      );
      const isOfServer = packets.some(
        ({ frame }) => met && frame.ip?.src === sent?.dst.ip && sameSegment(frame, met.frame),
      );
      if (met === undefined || sent === undefined || !isOfServer) continue;
      const { src: source } = met.frame.ip!;
      const ports = otherPort(sent.dst.port, met.frame.tcp!.srcPort);
      // Another load balancer continues connections that it has not seen begin.
      const isOfOther = service!.l4s.some((l4) => l4.node !== node && l4.proxyIps.includes(source));
      if (isOfOther || (source === sent.dst.ip && ports.ports === undefined)) continue;
      const params = { node, called: sent.dst.ip, source, owner: ownerOf(plan, source), ...ports };
      return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
    }
  }
  return null;
};

/** The caller called from an address that another node has as well, and the answer went to that one. */
export const replyToOther: Rule = (evidence) => {
  const { walk, flow, plan } = evidence;
  const last = walk.reply.at(-1);
  if (!last || last.node === flow.from || !isAddressee(last, plan) || refusesSource(evidence)) return null;
  const { ip: destination } = last.dst;
  const isShared = [last.node, flow.from].every((name) => addressesOf(plan, name).includes(destination));
  if (!isShared || walk.request[0]?.src.ip !== destination) return null;
  return cause('connection-unknown', 'state-missing', { node: last.node, source: last.src.ip, destination });
};

/** The answer reached the caller from an address or port that it never called, and its kernel would accept it. */
export const replyElsewhere: Rule = (evidence) => {
  const { walk, flow, plan, packets } = evidence;
  const last = walk.reply.at(-1);
  if (last?.node !== flow.from || !isAddressee(last, plan)) return null;
  if (!addressesOf(plan, flow.from).includes(last.dst.ip)) return null;
  const called = (address: string, port: number): boolean =>
    address === last.src.ip && otherPort(port, last.src.port).ports === undefined;
  if (called(flow.address, flow.port)) return laterElsewhere(evidence, last.dst.ip);
  // An L4 that balances its own calls restores the answer's source only then.
  if (ownServiceOf(plan, flow)?.pool.some(({ address, port }) => called(address, port)) === true) return null;
  if (refusesSource(evidence)) return null;
  if (isError(last, packets)) return null;
  return from(last.src.ip, last.src.port, evidence);
};

/**
 * The first answer came from the called address, and later packets did not: a router translates packets that seem to
 * begin a connection, and ignores those that conntrack considers invalid.
 */
function laterElsewhere(evidence: Evidence, source: string): Cause | null {
  const { flow, plan, packets, key } = evidence;
  if (plan.nodes.every(({ nat }) => nat === undefined)) return null;
  const macs = nodeOf(plan, flow.from).interfaces.map(({ mac }) => mac);
  const other = packets.find(
    ({ node, direction, frame }) =>
      node === flow.from &&
      direction === 'in' &&
      macs.includes(frame.dstMac) &&
      frame.ip?.dst === source &&
      frame.tcp?.srcPort === key.port &&
      frame.tcp.dstPort === key.sourcePort &&
      frame.ip.src !== flow.address,
  );
  return other === undefined ? null : from(other.frame.ip!.src, key.port, evidence);
}

function from(source: string, port: number | null, { flow, plan }: Evidence): Cause {
  const at = { node: flow.from, called: flow.address, source, owner: ownerOf(plan, source) };
  const params = { ...at, ...otherPort(flow.port, port) };
  return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
}

/** Whether an answer is an ICMP error, which may come from anywhere. */
function isError({ src }: Hop, packets: Evidence['packets']): boolean {
  return packets.some(({ frame }) => frame.icmp?.inner !== undefined && frame.ip?.src === src.ip);
}
