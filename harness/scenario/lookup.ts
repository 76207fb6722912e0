import { host } from './address.ts';
import type { FlowPlan, NodePlan, Plan, ServicePlan } from './plan.ts';

/** The service that a flow calls; undefined when it calls a node. */
export function serviceOf(plan: Plan, { to }: FlowPlan): ServicePlan | undefined {
  return 'service' in to ? plan.services.find(({ name }) => name === to.service) : undefined;
}

/** A node of the plan, which must exist. */
export function nodeOf(plan: Plan, name: string): NodePlan {
  return plan.nodes.find((node) => node.name === name)!;
}

/** Addresses of a node's interfaces, without prefix lengths. */
export function interfaceAddresses(node: NodePlan): string[] {
  return node.interfaces.flatMap((i) => i.addresses).map(host);
}
