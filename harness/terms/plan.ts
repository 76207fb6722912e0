import type { FlowPlan, ServicePlan } from './flow-plan.ts';
import type { LinkPlan, NodePlan } from './node-plan.ts';
import type { PairPlan, TimelinePlan } from './timeline-plan.ts';

// A plan and all its parts are imported from here; the files below may not import this one.
export type { Mode } from './mode.ts';
export type * from './expectation.ts';
export type * from './node-plan.ts';
export type * from './flow-plan.ts';
export type * from './timeline-plan.ts';

/** A scenario variant with everything resolved and nothing implied: plain data, safe to serialise. */
export interface Plan {
  lab: string;
  scenario: string;
  variant: string;
  nodes: NodePlan[];
  links: LinkPlan[];
  services: ServicePlan[];
  flows: FlowPlan[];
  /** Whether nodes know their neighbours' MACs when flows begin. */
  neighbours: 'warm' | 'cold';
  /** Redundant load balancers; absent if there are none. */
  pairs?: PairPlan[];
  /** Streams and steps; absent if there are none. */
  timeline?: TimelinePlan;
}
