import type { BalancerPlan } from '../../terms/plan.ts';
import type { StartBalancer } from './balancer.ts';
import { L4labBalancer } from './l4lab.ts';

/** What starts each kind of load balancer that a plan may name. */
export const BALANCERS: Record<BalancerPlan['kind'], StartBalancer> = {
  l4lab: (config, listener) => L4labBalancer.start(config, listener),
};
