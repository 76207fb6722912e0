import { DEFAULT_MTU, serviceOf } from '../../scenario/lookup.ts';
import { mssOf } from '../../terms/mss.ts';
import type { NodePlan } from '../../terms/plan.ts';
import { balancersFor } from './candidate.ts';
import type { Candidate, Failure } from './candidate.ts';

/**
 * If TCP does not learn that its segments are too big, a lower MSS avoids them: `auto` if the load balancer's own links have
 * the smallest MTU of all, else a number.
 */
export function smallerSegments(failure: Failure): Candidate[] {
  const { plan, flow, cause } = failure;
  const service = serviceOf(plan, flow);
  const isUnheard = cause.code === 'too-big' || cause.detail.code === 'too-big-unheard';
  if (service?.protocol !== 'tcp' || flow.protocol === 'icmp' || !isUnheard) return [];
  const reported = 'mtu' in cause.detail.params ? cause.detail.params.mtu : null;
  const narrowest = reported ?? narrowestOf(plan.nodes);
  const knows = narrowestOf(balancersFor(failure)) <= narrowest;
  const { name, vip } = service;
  const mss = knows ? 'auto' : mssOf(narrowest, vip);
  return [
    {
      fixes: [{ code: 'clamp-mss', params: { service: name, mss } }],
      change: { services: { [name]: { mssClamp: mss } } },
    },
  ];
}

function narrowestOf(nodes: NodePlan[]): number {
  return Math.min(...nodes.flatMap(({ interfaces }) => interfaces.map(({ mtu = DEFAULT_MTU }) => mtu)));
}
