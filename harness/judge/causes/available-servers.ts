import { listensAt } from '../../terms/listener.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { ServicePlan } from '../../terms/plan.ts';
import type { Evidence } from '../evidence/evidence.ts';

/**
 * Servers to which a load balancer may send packets of a service: those that are up, also draining ones, or all if none
 * is up and the service says `last-resort`. Without reported states, all are up.
 */
export function serversInUse(
  node: string,
  service: ServicePlan,
  { plan, healthy }: Pick<Evidence, 'plan' | 'healthy'>,
): ServicePlan['pool'] {
  const up = service.pool.filter((server) => healthy?.includes(server.node) !== false);
  return up.length === 0 && configOf(plan, node, service)?.whenNoneUp === 'last-resort' ? service.pool : up;
}

/** Whether a load balancer has no server for new connections of a service: each is down or drains. */
export function hasNoAvailableServer(node: string, service: ServicePlan, evidence: Evidence): boolean {
  const servers = configOf(evidence.plan, node, service)?.servers ?? [];
  const draining = servers.filter(({ drain }) => drain === true).map(({ name }) => name);
  return serversInUse(node, service, evidence).every((server) => draining.includes(server.node));
}

/**
 * The L4 itself as a server that may have been picked, if nothing listens there; else null. In a stream its load balancer may not
 * have noticed yet.
 */
export function withoutOwnListener(
  node: string,
  service: ServicePlan,
  evidence: Pick<Evidence, 'plan' | 'healthy' | 'moment' | 'key'>,
): ServicePlan['pool'][number] | null {
  const { plan, moment, key } = evidence;
  const picked = moment === undefined ? serversInUse(node, service, evidence) : service.pool;
  const own = picked.find((server) => server.node === node);
  if (own === undefined || listensAt(nodeOf(plan, node).listeners, { ...own, protocol: key.protocol })) return null;
  return own;
}

/** The service as the load balancer of a node has it. */
const configOf = (plan: Evidence['plan'], node: string, { name }: ServicePlan) =>
  nodeOf(plan, node).balancer?.config.services.find((service) => service.name === name);
