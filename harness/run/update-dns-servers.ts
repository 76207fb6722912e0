import type { Lab } from '../fabric/lab.ts';
import type { Plan } from '../terms/plan.ts';

/**
 * Informs DNS servers about services without a healthy server according to the load balancers, if their answers depend
 * on it.
 */
export async function updateDnsServers(lab: Pick<Lab, 'node'>, plan: Plan): Promise<void> {
  const servers = plan.nodes.filter(({ listeners }) =>
    listeners.some(({ names = [] }) => names.some(({ onlyHealthy }) => onlyHealthy)),
  );
  if (servers.length === 0) return;
  const balancing = plan.nodes.filter(({ balancer }) => balancer !== null);
  const states = new Map(
    await Promise.all(
      balancing.map(async ({ name }) => [name, await lab.node(name).call('serverStates', null)] as const),
    ),
  );
  const services = servicesDown(plan, states);
  await Promise.all(servers.map(({ name }) => lab.node(name).call('noteServicesDown', { services })));
}

/** @param states servers that load balancers check, by node */
export function servicesDown(plan: Plan, states: ReadonlyMap<string, { service: string; up: boolean }[]>): string[] {
  const isUp = (name: string): boolean =>
    plan.nodes.some(({ name: node, balancer }) => {
      const service = balancer?.config.services.find((one) => one.name === name);
      if (service === undefined) return false;
      return service.check.type === 'none' || (states.get(node) ?? []).some((one) => one.service === name && one.up);
    });
  return plan.services.map(({ name }) => name).filter((name) => !isUp(name));
}
