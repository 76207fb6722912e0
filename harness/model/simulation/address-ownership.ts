import type { LbConfig } from '../../../lb/terms/config.ts';
import { proxyIps } from '../../../lb/terms/proxy-ips.ts';
import type { NodePlan } from '../../terms/plan.ts';
import { goneAddresses } from '../../scenario/lookup.ts';
import { covers, prefix } from '../../scenario/prefix.ts';
import type { Prefix } from '../../scenario/prefix.ts';

/** An address in a node's local table. */
export interface LocalAddress {
  ip: string;
  subnet: Prefix;
  /** Its interface, possibly `lo`. */
  device: string;
}

/** All addresses of a node: of its interfaces, its loopback, and those added by its load balancer. */
export function localAddresses(node: NodePlan): LocalAddress[] {
  const gone = goneAddresses(node);
  const own = [
    ...node.interfaces.flatMap(({ name, addresses }) => addresses.map((cidr) => local(cidr, name))),
    ...node.loopback.map((cidr) => local(cidr, 'lo')),
  ].filter(({ ip }) => !gone.includes(ip));
  for (const ip of node.balancer === null ? [] : addedByLb(node.balancer.config)) {
    if (own.some((address) => address.ip === ip)) continue;
    const device = own.find(({ subnet, device: name }) => name !== 'lo' && covers(subnet, ip))?.device ?? 'lo';
    own.push(local(`${ip}/${ip.includes(':') ? 128 : 32}`, device));
  }
  return own;
}

/** VIPs for which a load balancer answers ARP without owning them. */
export function answeredVips(lb: LbConfig): string[] {
  return lb.vipOwner === false ? [...new Set(lb.services.map(({ vip }) => vip))] : [];
}

function addedByLb(lb: LbConfig): string[] {
  if (lb.vipOwner === 'external') return [];
  return [...(lb.vipOwner ? lb.services.map(({ vip }) => vip) : []), ...lb.services.flatMap(proxyIps)];
}

function local(cidr: string, device: string): LocalAddress {
  return { ip: cidr.split('/')[0]!, subnet: prefix(cidr), device };
}
