import type { FlowPlan, Plan, ServicePlan } from './plan.ts';

/**
 * The service that a flow or stream calls if the caller is an L4 that balances its own calls to it; otherwise
 * undefined.
 */
export function ownServiceOf(
  { nodes, services }: Pick<Plan, 'nodes' | 'services'>,
  { from, to, protocol }: Pick<FlowPlan, 'from' | 'to' | 'protocol'>,
): ServicePlan | undefined {
  if (!('service' in to) || protocol === 'icmp') return undefined;
  const config = nodes
    .find(({ name }) => name === from)
    ?.balancer?.config.services.find(({ name }) => name === to.service);
  return config?.ownCalls === true ? services.find(({ name }) => name === to.service) : undefined;
}
