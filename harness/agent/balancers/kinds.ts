import type { BalancerPlan } from '../../terms/plan.ts';
import type { StartBalancer } from './balancer.ts';
import { L4labBalancer } from './l4lab.ts';

/** Start functions of all kinds of load balancers. */
export const BALANCERS: Record<BalancerPlan['kind'], StartBalancer> = {
  l4lab: (config, listener) => L4labBalancer.start(config, listener),
};
