import { portRange } from '../../../lb/terms/port-range.ts';
import { serviceOf } from '../../scenario/lookup.ts';
import type { Plan } from '../../terms/plan.ts';
import type { Fix } from '../../terms/fix.ts';
import type { Candidate } from './candidate.ts';
import { openings } from '../simulation/proxy-ports.ts';

const HIGHEST_PORT = 65_535;

/** More source ports for exhausted proxy IPs of a service: as many as needed, or all. */
export function moreProxyPorts(plan: Plan, called: Parameters<typeof serviceOf>[1]): Candidate[] {
  const name = serviceOf(plan, called)?.name;
  const configs = plan.nodes.flatMap(({ balancer }) => (balancer === null ? [] : [balancer.config.services]));
  const l4 = configs.find((services) => services.some((one) => one.name === name));
  const service = l4?.find((one) => one.name === name);
  if (l4 === undefined || service?.proxyPorts === undefined) return [];
  const to = (fix: Fix, proxyPorts: string | null): Candidate => ({
    fixes: [fix],
    change: { services: { [service.name]: { proxyPorts } } },
  });
  const { first } = portRange(service.proxyPorts);
  const last = first + openings(plan, l4, service) - 1;
  const ports = `${first}-${last}`;
  return [
    ...(last > HIGHEST_PORT ? [] : [to({ code: 'more-proxy-ports', params: { service: service.name, ports } }, ports)]),
    to({ code: 'all-proxy-ports', params: { service: service.name } }, null),
  ];
}
