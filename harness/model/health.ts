import type { LbServer, LbService } from '../../lb/config.ts';
import type { FlowPlan } from '../scenario/plan.ts';
import { covers } from './prefix.ts';
import { lookUp, selectSource } from './routing.ts';
import { simulate } from './simulate.ts';
import type { Host, Topology } from './topology.ts';

const known = new WeakMap<LbServer, boolean>();

/** Whether a load balancer's own check finds a server healthy; servers without a check always are. */
export function isUp(topology: Topology, host: Host, service: LbService, server: LbServer): boolean {
  if (service.check.type === 'none') return true;
  let up = known.get(server);
  if (up === undefined) {
    up = isDirect(service) ? servesVip(topology, host, service, server) : answers(topology, host, service, server);
    known.set(server, up);
  }
  return up;
}

/** The check asks the server at its own address, as any client on the load balancer would. */
function answers(topology: Topology, host: Host, service: LbService, server: LbServer): boolean {
  const route = lookUp(host, server.address);
  const device = host.devices.get(route?.device ?? '');
  if (device === undefined) return false;
  const flow: FlowPlan = {
    name: `check ${server.name}`,
    from: host.name,
    source: selectSource(host, device, route?.via ?? server.address),
    to: { node: server.name },
    address: server.address,
    protocol: protocolOf(service),
    port: server.port ?? service.port,
    repeat: 1,
    bytes: 0,
    exchanges: 1,
    expect: { outcome: 'works' },
    at: { file: '', line: 0, col: 0 },
  };
  const first = { choose: <T>(_key: string, options: readonly [T, ...T[]]): T => options[0] };
  return simulate(topology, flow, first, () => true).exchange.answered;
}

/** In DSR the check asks for the VIP at that server. */
function servesVip(topology: Topology, host: Host, service: LbService, server: LbServer): boolean {
  const owner = [...topology.hosts.values()].find(({ owned }) => owned.has(server.address));
  if (owner === undefined || !owner.owned.has(service.vip)) return false;
  const inReach =
    service.mode === 'dsr'
      ? host.addresses.some(({ subnet, device }) => device !== 'lo' && covers(subnet, server.address))
      : lookUp(host, server.address) !== null &&
        owner.plan.undoDscp?.some(({ dscp, vip }) => dscp === service.dscp && vip === service.vip) === true;
  const protocol = protocolOf(service);
  const listens = owner.plan.listeners.some((l) => l.port === service.port && l.protocol === protocol);
  return inReach && (protocol === 'icmp' || listens);
}

function isDirect({ mode }: LbService): boolean {
  return mode === 'dsr' || mode === 'l3dsr';
}

function protocolOf({ check }: LbService): 'tcp' | 'udp' | 'icmp' {
  return check.type === 'udp' || check.type === 'icmp' ? check.type : 'tcp';
}
