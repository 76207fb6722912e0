import type { Cause } from '../../terms/cause.ts';
import { host } from '../../scenario/address.ts';
import { balancedBy, interfaceAddresses, nodeOf } from '../../scenario/lookup.ts';
import type { FlowPlan, Plan } from '../../terms/plan.ts';
import type { Evidence } from '../evidence/evidence.ts';

/** Recognizes one kind of failure in the evidence; null otherwise. */
export type Rule = (evidence: Evidence) => Cause | null;

/**
 * All addresses of a node in the plan: interfaces, loopback, and an L4's VIPs and proxy IPs. Excludes those of a pair.
 */
export function addressesOf(plan: Plan, name: string): string[] {
  const node = nodeOf(plan, name);
  const own = [...interfaceAddresses(node), ...node.loopback.map(host)];
  const balanced = node.balancer === null ? [] : plan.services.filter((service) => balancedBy(service, name));
  const vipOwner = node.balancer?.config.vipOwner;
  if (vipOwner === 'external') return own;
  const vips = vipOwner === false ? [] : balanced.map(({ vip }) => vip);
  return [
    ...own,
    ...vips,
    ...balanced.flatMap(({ l4s }) => l4s.flatMap((l4) => (l4.node === name ? l4.proxyIps : []))),
  ];
}

/** The initial source of a caller's packets: for calls to its own address, that address. */
export function calledFrom(plan: Plan, { from, address, source }: FlowPlan): string {
  return addressesOf(plan, from).includes(address) ? address : source;
}
