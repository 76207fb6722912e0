import { otherPort } from '../../terms/reply-port.ts';
import { nodeOf, ownerOf } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import { isAddressee, refusesSource } from '../evidence/evidence.ts';
import { routeOf } from '../../scenario/route-of.ts';
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
  const { ip: source, port } = last.src;
  const { ip: destination } = last.dst;
  const { nat } = nodeOf(plan, node);
  const isOwn = (address: string): boolean =>
    nat?.to.includes(address) === true || addressesOf(plan, node).includes(address);
  if (nat === undefined || !isOwn(destination)) return null;
  // Without a route for an untranslated packet, its source is not checked (ip_route_input_slow).
  const isRouted =
    addressesOf(plan, node).includes(destination) ||
    routeOf(nodeOf(plan, node), { src: source, dst: destination }) !== null;
  if (isRouted && refusesSource(evidence)) return null;
  if (packets.some(({ frame }) => frame.icmp?.inner !== undefined && frame.ip?.src === source)) return null;
  let sent = translatedBack(evidence, node, destination);
  if (sent === null) return cause('connection-unknown', 'state-missing', { node, source, destination });
  // A request that crossed the router twice was translated twice, and its answer is translated back to the router itself.
  for (
    let address = destination;
    sent !== null;
    address = sent.source.ip, sent = translatedBack(evidence, node, address)
  ) {
    const { ip: called } = sent.called;
    const ports = otherPort(sent.called.port, port);
    const params = { node, called, source, owner: ownerOf(plan, source), address, ...ports };
    if (called !== source || ports.ports !== undefined)
      return cause('reply-not-from-vip', 'reply-not-translated', params);
  }
  return null;
};
