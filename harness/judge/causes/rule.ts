import type { Cause } from '../../terms/cause.ts';
import { host } from '../../scenario/address.ts';
import { interfaceAddresses, nodeOf } from '../../scenario/lookup.ts';
import type { Plan } from '../../terms/plan.ts';
import type { Evidence } from '../evidence.ts';

/** Recognises one kind of failure in the evidence, or says nothing. */
export type Rule = (evidence: Evidence) => Cause | null;

/** Every address that a node holds by plan: its interfaces', its loopback's, and an L4's VIPs and proxy IPs. */
export function addressesOf(plan: Plan, name: string): string[] {
  const node = nodeOf(plan, name);
  const own = [...interfaceAddresses(node), ...node.loopback.map(host)];
  const balanced = node.balancer === null ? [] : plan.services.filter(({ l4 }) => l4 === name);
  const vips = node.balancer?.config.vipOwner === false ? [] : balanced.map(({ vip }) => vip);
  return [...own, ...vips, ...balanced.flatMap(({ proxyIps }) => proxyIps)];
}

/**
 * An address that the node asked for by ARP in vain, and that is the next hop to one of `ends`, as far as the plan and
 * redirects tell: other flows ask, too. What it announces, or passes on as a bridge, is no question. A router asks for
 * IPv6 neighbours from its link-local address, and is known by its MAC.
 */
export function unansweredArp({ packets, plan }: Evidence, name: string, ends: string[]): string | null {
  const own = addressesOf(plan, name);
  const gateways = packets.map(({ frame }) => frame.icmp?.gateway);
  const hops = [...ends, ...nodeOf(plan, name).routes.map(({ via }) => via), ...gateways];
  const macs = nodeOf(plan, name).interfaces.map(({ mac }) => mac);
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
