import type { Balancer } from '../balancer/balancer.ts';
import type { LbServer, LbService } from '../terms/config.ts';
import { countFlows } from '../host/flow-counts.ts';
import { readCounters } from '../host/read-counters.ts';
import { isDirect } from '../terms/mode.ts';
import { forgottenCounter, serverCounters } from '../render/counters.ts';
import type { ServerRole } from '../render/input.ts';

/** A service and its servers, as reported by the API. */
export interface ServiceStatus {
  name: string;
  vip: string;
  port: number;
  protocol: 'tcp' | 'udp';
  mode: LbService['mode'];
  scheduler: LbService['scheduler'];
  /** dsr: packets whose flow did not fit into the full flow table. */
  forgottenPackets: number;
  servers: ServerStatus[];
}

export interface ServerStatus {
  name: string;
  address: string;
  port: number;
  weight: number;
  role: ServerRole;
  up: boolean;
  reason: string;
  newFlows: number;
  activeFlows: number;
  /** dsr: requests only, since replies bypass the load balancer. Null if counting is disabled. */
  packets: number | null;
  bytes: number | null;
  checkDurationMs: number;
}

/** Current status of all services; counting flows reads the kernel's tables. */
export async function readStatus(balancer: Balancer): Promise<ServiceStatus[]> {
  const { config } = balancer;
  const [countOf, flows] = await Promise.all([readCounters(balancer.rules), countFlows(config)]);
  const serverStatus = (service: LbService, server: LbServer): ServerStatus => {
    const { up, reason, lastDurationMs } = balancer.stateOf(service, server);
    const { newFlows, packets } = serverCounters(service, server);
    const [fresh, all] = [countOf(newFlows), countOf(packets)];
    const counts = isDirect(service) || config.countPackets !== false;
    // In dsr the first packet of a flow is counted only as a new flow.
    const firsts = isDirect(service) ? fresh : { packets: 0, bytes: 0 };
    return {
      name: server.name,
      address: server.address,
      port: server.port ?? service.port,
      weight: server.weight ?? 1,
      role: balancer.roleOf(service, server),
      up,
      reason,
      newFlows: fresh.packets,
      activeFlows: flows(service, server),
      packets: counts ? all.packets + firsts.packets : null,
      bytes: counts ? all.bytes + firsts.bytes : null,
      checkDurationMs: lastDurationMs,
    };
  };
  return config.services.map((service) => {
    const { name, vip, port, protocol, mode, scheduler, servers } = service;
    const forgotten = forgottenCounter(service);
    return {
      name,
      vip,
      port,
      protocol,
      mode,
      scheduler,
      forgottenPackets: forgotten === null ? 0 : countOf(forgotten).packets,
      servers: servers.map((server) => serverStatus(service, server)),
    };
  });
}
