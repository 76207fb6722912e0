import { isAddressee, refusesSource } from '../evidence.ts';
import { cause, ownerOf, type Rule } from './rule.ts';

/** The answer reached the caller, with a source that the caller never called and its kernel would let in. */
export const replyElsewhere: Rule = (evidence) => {
  const { walk, flow, plan, packets } = evidence;
  const last = walk.reply.at(-1);
  if (last?.node !== flow.from || !isAddressee(last, plan) || last.src.ip === flow.address) return null;
  if (refusesSource(evidence)) return null;
  if (packets.some(({ frame }) => frame.icmp?.inner !== undefined && frame.ip?.src === last.src.ip)) return null;
  return cause(
    'reply-not-from-vip',
    flow.from,
    `${flow.from} called ${flow.address}; the answer came from ${ownerOf(plan, last.src.ip)}, which it never called`,
  );
};
