import { nodeOf } from '../../scenario/lookup.ts';
import type { ServicePlan } from '../../terms/plan.ts';
import type { Evidence } from '../evidence/evidence.ts';

/**
 * Whether a load balancer has no server for new connections of a service: each is down or drains. Without reported
 * states, all are up.
 */
export function hasNoAvailableServer(node: string, service: ServicePlan, { plan, healthy }: Evidence): boolean {
  const config = nodeOf(plan, node).balancer?.config.services.find(({ name }) => name === service.name);
  const draining = config?.servers.filter(({ drain }) => drain === true).map(({ name }) => name) ?? [];
  return service.pool.every((server) => draining.includes(server.node) || healthy?.includes(server.node) === false);
}
