import { ownerOf, serviceOf } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import { isAddressee, refusesSource } from '../evidence.ts';
import type { Rule } from './rule.ts';

/**
 * The answer reached the load balancer that hides the caller, from an address that it sent nothing to: it belongs to no
 * connection that it knows.
 */
export const replyToProxyIp: Rule = ({ walk, flow, plan }) => {
  const last = walk.reply.at(-1);
  const service = serviceOf(plan, flow);
  const l4 = service?.l4s.find(({ node }) => node === last?.node);
  if (!last || !l4?.proxyIps.includes(last.dst.ip) || !isAddressee(last, plan)) return null;
  const sent = walk.request.findLast(({ node, direction }) => node === l4.node && direction === 'out');
  const isServer = service!.pool.some(({ address }) => address === sent?.dst.ip);
  if (sent === undefined || !isServer || sent.dst.ip === last.src.ip) return null;
  const source = last.src.ip;
  const params = { node: l4.node, called: sent.dst.ip, source, owner: ownerOf(plan, source) };
  return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
};

/** The answer reached the caller, with a source that the caller never called and its kernel would let in. */
export const replyElsewhere: Rule = (evidence) => {
  const { walk, flow, plan, packets } = evidence;
  const last = walk.reply.at(-1);
  if (last?.node !== flow.from || !isAddressee(last, plan) || last.src.ip === flow.address) return null;
  if (refusesSource(evidence)) return null;
  if (packets.some(({ frame }) => frame.icmp?.inner !== undefined && frame.ip?.src === last.src.ip)) return null;
  const source = last.src.ip;
  const params = { node: flow.from, called: flow.address, source, owner: ownerOf(plan, source) };
  return cause('reply-not-from-vip', 'reply-from-elsewhere', params);
};
