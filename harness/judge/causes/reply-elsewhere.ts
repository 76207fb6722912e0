import { ownerOf } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import { isAddressee, refusesSource } from '../evidence.ts';
import type { Rule } from './rule.ts';

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
