import type { LbService } from '../../../lb/terms/config.ts';
import { portRange } from '../../../lb/terms/port-range.ts';
import { callsOf } from '../../terms/by-name.ts';
import type { Plan, StepPlan, StreamPlan } from '../../terms/plan.ts';
import { proxyIps } from '../../../lb/terms/proxy-ips.ts';

/**
 * Whether a load balancer may find no free source port toward a server: its proxy IPs have fewer ports than the plan
 * may open connections. A proxy IP is chosen before its free ports are known, and whether a closed connection still
 * occupies its port depends on the kernel, so this is never certain.
 */
export function mayRunOut(plan: Plan, l4: LbService[], service: LbService): boolean {
  const ports = portsOf(service);
  return ports !== null && openings(plan, l4, service) > ports;
}

/** Source ports of each proxy IP of a service toward a server; null if unlimited. */
function portsOf({ proxyPorts }: LbService): number | null {
  if (proxyPorts === undefined) return null;
  const { first, last } = portRange(proxyPorts);
  return last - first + 1;
}

/** Maximum number of connections that a plan may open through a service's proxy IPs. */
export function openings(plan: Plan, l4: LbService[], service: LbService): number {
  const names = l4.filter((other) => sharesSources(other, service)).map(({ name }) => name);
  const isThere = ({ to }: { to: { service: string } | { node: string } }): boolean =>
    'service' in to && names.includes(to.service);
  const ofFlows = plan.flows
    .filter((flow) => callsOf(flow).some(isThere) && flow.protocol !== 'icmp')
    .reduce((sum, { repeat }) => sum + repeat, 0);
  const { streams = [], steps = [] } = plan.timeline ?? {};
  return streams.filter(isThere).reduce((sum, stream) => sum + openedBy(stream, steps), ofFlows);
}

function sharesSources(one: LbService, other: LbService): boolean {
  if (one.protocol !== other.protocol || one.mode !== other.mode) return false;
  const ips = proxyIps(one);
  return one.proxyIp === other.proxyIp || proxyIps(other).some((ip) => ips.includes(ip));
}

/** Each step with actions may break all kept connections. */
function openedBy({ connection, connections, everyMs, sourcePort }: StreamPlan, steps: StepPlan[]): number {
  if (sourcePort !== undefined) return 1;
  if (connection === 'kept') return connections * (1 + steps.filter(({ actions }) => actions.length > 0).length);
  return steps.reduce((sum, { forMs, until }) => sum + Math.ceil((forMs + (until?.withinMs ?? 0)) / everyMs) + 1, 0);
}
