import type { LbConfig } from '../../../lb/terms/config.ts';
import { contains, host, isV6, network } from '../address.ts';
import type { ServicePlan } from '../../terms/plan.ts';
import type { Lab, LabNode, ScenarioFile } from '../schema.ts';
import { hopAddresses } from '../checks/check-route-services.ts';
import { l4sOf, nodeAddresses } from '../lab-queries.ts';
import { reachesByV6 } from '../service-schema.ts';
import { settingsOf } from '../node-layers.ts';

export type Service = ScenarioFile['services'][string];

/** Address that the L4 sends to, in the family of `reachesByV6`: preferably in a subnet of the L4. */
export function serverAddress(server: string, service: Service, lab: Lab, body: ScenarioFile): string {
  const override = settingsOf(server, lab, body).address;
  const all = override === undefined ? nodeAddresses(lab, server) : [override];
  const own = all.filter((cidr) => isV6(cidr) === reachesByV6(service));
  const near = nodeAddresses(lab, l4sOf(lab, service)[0]!).map(network);
  return host(own.find((cidr) => near.some((net) => contains(net, cidr))) ?? own[0]!);
}

export function resolveService(name: string, lab: Lab, body: ScenarioFile): ServicePlan {
  const service = body.services[name]!;
  const { proxyIp } = service;
  return {
    name,
    vip: service.vip,
    port: service.port,
    protocol: service.protocol,
    mode: service.mode,
    ...(service.like === undefined ? {} : { like: service.like }),
    pool: service.pool.map(({ node, port = service.port }) => ({
      node,
      address: serverAddress(node, service, lab, body),
      port,
    })),
    l4s: l4sOf(lab, service).map((node) => ({
      node,
      proxyIps: proxyIp === 'auto' ? automaticProxyIps(service.vip, node, lab) : [proxyIp ?? []].flat(),
    })),
  };
}

function automaticProxyIps(vip: string, l4: string, lab: Lab): string[] {
  return nodeAddresses(lab, l4)
    .filter((cidr) => isV6(cidr) === isV6(vip))
    .map(host);
}

export function lbConfig(name: string, settings: LabNode, lab: Lab, body: ScenarioFile): LbConfig {
  const services = Object.entries(body.services).flatMap(([serviceName, service]) => {
    if (!l4sOf(lab, service).includes(name)) return [];
    const { pool, check = NO_CHECK, ...rest } = balancerFields(service);
    const servers = pool.map(({ node, ...rest }) => ({
      name: node,
      address: serverAddress(node, service, lab, body),
      ...rest,
    }));
    return [{ name: serviceName, ...rest, check, servers }];
  });
  const routeServices = Object.entries(body.routeServices)
    .filter(([, service]) => l4sOf(lab, service).includes(name))
    .map(([serviceName, service]) => ({
      name: serviceName,
      mode: service.mode,
      to: service.to,
      nextHops: hopAddresses(lab, name, service).filter((address) => address !== undefined),
      hash: service.hash,
    }));
  const { idleTimeoutMs, vipOwner = true } = settings;
  const isMember = Object.values(body.pairs).some(({ nodes }) => nodes.includes(name));
  return {
    version: 1,
    vipOwner: isMember ? 'external' : vipOwner,
    ...(idleTimeoutMs === undefined ? {} : { flowTable: { tcpIdleMs: idleTimeoutMs, udpIdleMs: idleTimeoutMs } }),
    services,
    ...(routeServices.length === 0 ? {} : { routeServices }),
  };
}

/** The load balancer's fields, which exclude profiles, other load balancers and the family of servers. */
function balancerFields(service: Service): Omit<Service, 'like' | 'l4' | 'outer'> {
  const own = { ...service };
  delete own.like;
  delete own.l4;
  delete own.outer;
  return own;
}

const NO_CHECK = { type: 'none' as const, intervalMs: 2000, timeoutMs: 500, rise: 1, fall: 2 };
