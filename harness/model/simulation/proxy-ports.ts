import type { LbService } from '../../../lb/terms/config.ts';
import { portRange } from '../../../lb/terms/port-range.ts';
import { callsOf } from '../../terms/by-name.ts';
import type { Plan, StepPlan, StreamPlan } from '../../terms/plan.ts';
import { proxyIps } from './address-ownership.ts';

/**
 * Whether a load balancer may find no free source port toward a server for a connection of a service: its proxy IPs have
 * fewer than the connections that the plan may open by them. A proxy IP is chosen before it is known which ports it has left,
 * and whether a connection that is over still holds its port depends on the kernel: so this is never sure to happen.
 */
export function mayRunOut(plan: Plan, l4: LbService[], service: LbService): boolean {
  const ports = portsOf(service);
  return ports !== null && openings(plan, l4, service) > ports;
}

/** Source ports that each proxy IP of a service has toward a server; null where all there are. */
function portsOf({ proxyPorts }: LbService): number | null {
  if (proxyPorts === undefined) return null;
  const { first, last } = portRange(proxyPorts);
  return last - first + 1;
}

/** How many connections a plan may open by the proxy IPs of a service, at most. */
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

/** Kept connections may all break with each step that does something. */
function openedBy({ connection, connections, everyMs, sourcePort }: StreamPlan, steps: StepPlan[]): number {
  if (sourcePort !== undefined) return 1;
  if (connection === 'kept') return connections * (1 + steps.filter(({ actions }) => actions.length > 0).length);
  return steps.reduce((sum, { forMs, until }) => sum + Math.ceil((forMs + (until?.withinMs ?? 0)) / everyMs) + 1, 0);
}
