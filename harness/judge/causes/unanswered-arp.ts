import { cause, type Cause } from '../../terms/cause.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import { vlanMismatch } from '../../scenario/vlan-mismatch.ts';
import { openQuestion, type Evidence } from '../evidence/evidence.ts';
import { isOn } from './inside-kernel.ts';
import { answeredWrongMac } from './static-neighbour.ts';
import { addressesOf } from './rule.ts';

/**
 * An address that the node resolved without success, and that is the next hop to one of `ends` according to plan and
 * redirects: other flows send requests too. Excludes announcements and bridged requests. In IPv6 a router sends
 * requests from its link-local address, so it is identified by its MAC.
 */
export function unansweredArp({ packets, plan }: Evidence, name: string, ends: string[]): string | null {
  const { routes, balancer, interfaces } = nodeOf(plan, name);
  const own = addressesOf(plan, name);
  const redirectedTo = packets.map(({ frame }) => frame.icmp?.gateway);
  const balancedOver = balancer?.config.routeServices?.flatMap(({ nextHops }) => nextHops) ?? [];
  const vias = routes.flatMap(({ via, others = [] }) => [via, ...others.map((hop) => hop.via)]);
  const hops = [...ends, ...vias, ...balancedOver, ...redirectedTo];
  const macs = interfaces.map(({ mac }) => mac);
  const arp = packets.filter(({ node, frame }) => node === name && frame.arp);
  const answered = arp
    .filter(({ direction, frame }) => direction === 'in' && frame.arp!.op === 'reply')
    .map(({ frame }) => frame.arp!.senderIp);
  const asked = arp
    .filter(({ direction, frame }) => direction === 'out' && frame.arp!.op === 'request')
    .map(({ frame }) => frame.arp!)
    .filter(({ senderIp, senderMac }) => own.includes(senderIp) || macs.includes(senderMac))
    .find(({ targetIp }) => hops.includes(targetIp) && ![...own, ...answered].includes(targetIp));
  return asked?.targetIp ?? null;
}

/**
 * Why a node got no ARP reply: VLANs; the owner did not accept the request's source, or replied to another MAC; or no node
 * has the address.
 */
export function withoutAnswer(evidence: Evidence, node: string, address: string): Cause {
  const refused = refusedQuestion(evidence, node);
  return (
    vlanMismatch(evidence.plan, node, address) ??
    (refused?.address === address ? refused.cause : null) ??
    answeredWrongMac(evidence, address) ??
    cause('no-neighbour', 'arp-unanswered', { node, address })
  );
}

/** A node's request that the owner of an address dropped because of its source (arp_process); or null. */
export function refusedQuestion(evidence: Evidence, node: string): { address: string; cause: Cause } | null {
  const { plan, kernelOnArp } = evidence;
  const open = openQuestion(evidence);
  if (open?.asker !== node || (kernelOnArp !== 'reverse-path' && kernelOnArp !== 'source-refused')) return null;
  const { asker, owner, iface, address, source } = open;
  const isOwn = addressesOf(plan, owner).includes(source) && !isOn('accept_local', nodeOf(plan, owner), iface);
  const code = isOwn ? 'own-address-as-source' : 'reverse-path';
  return { address, cause: cause(code, 'arp-request-dropped', { node: owner, asker, address, source }) };
}
