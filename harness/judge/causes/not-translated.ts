import { otherPort } from '../../terms/reply-port.ts';
import { nodeOf, ownerOf } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import { isAddressee, refusesSource } from '../evidence/evidence.ts';
import { translatedBack } from '../evidence/translated-back.ts';
import { addressesOf, type Rule } from './rule.ts';

/**
 * The answer reached a router with source NAT but belongs to none of its connections: it came from an address or port
 * that was not called, or another router had forwarded the request.
 */
export const notTranslated: Rule = (evidence) => {
  const { walk, flow, plan, packets } = evidence;
  const last = walk.reply.at(-1);
  if (last === undefined || last.node === flow.from || !isAddressee(last, plan)) return null;
  const { node } = last;
  const { ip: source } = last.src;
  const { ip: destination } = last.dst;
  const { nat } = nodeOf(plan, node);
  if (nat === undefined || !(nat.to.includes(destination) || addressesOf(plan, node).includes(destination)))
    return null;
  if (refusesSource(evidence)) return null;
  if (packets.some(({ frame }) => frame.icmp?.inner !== undefined && frame.ip?.src === source)) return null;
  const sent = translatedBack(evidence, node, destination);
  if (sent === null) return cause('connection-unknown', 'state-missing', { node, source, destination });
  const { ip: called } = sent.called;
  const ports = otherPort(sent.called.port, last.src.port);
  if (called === source && ports.ports === undefined) return null;
  const params = { node, called, source, owner: ownerOf(plan, source), address: destination, ...ports };
  return cause('reply-not-from-vip', 'reply-not-translated', params);
};
