import { otherPort } from '../../terms/reply-port.ts';
import { nodeOf, ownerOf } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import type { HopAddress } from '../../terms/walk.ts';
import { isAddressee, refusesSource, type Evidence } from '../evidence/evidence.ts';
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
  if (last === undefined || !isAddressee(last, plan)) return null;
  const { node } = last;
  const { ip: source, port } = last.src;
  const { ip: destination } = last.dst;
  const { nat } = nodeOf(plan, node);
  const isOwn = (address: string): boolean =>
    nat?.to.includes(address) === true || addressesOf(plan, node).includes(address);
  if (nat === undefined || !isOwn(destination)) return null;
  // The router's own calls have its own source, unless that is an address that it does not have.
  if (node === flow.from && addressesOf(plan, node).includes(destination)) return null;
  // Without a route for an untranslated packet, its source is not checked (ip_route_input_slow).
  const isRouted =
    addressesOf(plan, node).includes(destination) ||
    routeOf(nodeOf(plan, node), { src: source, dst: destination }) !== null;
  // The router also forwarded the translated request later, and the answer belongs to that connection.
  const isForwarded = walk.request.some(
    (hop, index) =>
      hop.node === node &&
      hop.direction === 'out' &&
      hop.src.ip === destination &&
      hop.dst.ip === source &&
      walk.request[index - 1]?.node === node &&
      walk.request[index - 1]!.src.ip === destination,
  );
  if (isForwarded && isRouted && !addressesOf(plan, node).includes(destination)) return null;
  if (isRouted && refusesSource(evidence)) return null;
  if (packets.some(({ frame }) => frame.icmp?.inner !== undefined && frame.ip?.src === source)) return null;
  const translations = translationsBack(evidence, node, destination);
  if (translations.length === 0) return cause('connection-unknown', 'state-missing', { node, source, destination });
  for (const { address, called } of translations) {
    const ports = otherPort(called.port, port);
    const params = { node, called: called.ip, source, owner: ownerOf(plan, source), address, ...ports };
    if (called.ip !== source || ports.ports !== undefined)
      return cause('reply-not-from-vip', 'reply-not-translated', params);
  }
  return null;
};

/**
 * How an answer is translated back at a node, one translation after another: a request that crossed the node twice was
 * translated twice, and its answer comes back to the node itself in between.
 */
function translationsBack(
  evidence: Evidence,
  node: string,
  destination: string,
): { address: string; called: HopAddress }[] {
  const found = new Map<string, HopAddress>();
  const [own] = evidence.walk.request;
  if (own?.node === node && own.src.ip === destination) found.set(destination, own.dst);
  for (let address = destination; !found.has(address);) {
    const sent = translatedBack(evidence, node, address);
    if (sent === null) break;
    found.set(address, sent.called);
    address = sent.source.ip;
  }
  return [...found].map(([address, called]) => ({ address, called }));
}
