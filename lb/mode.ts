import type { LbConfig, LbService } from './config.ts';

/** Whether servers answer clients directly (dsr, l3dsr), so that the load balancer sees one direction only. */
export function isDirect({ mode }: Pick<LbService, 'mode'>): boolean {
  return mode === 'dsr' || mode === 'l3dsr';
}

/**
 * VIPs of direct modes alone that the host does not own: the load balancer deals with all that is sent to them where it
 * comes in, and the host's own stack, its connection tracking above all, has no part in it.
 */
export function vipsAtIngress({ vipOwner, services }: Pick<LbConfig, 'vipOwner' | 'services'>): Set<string> {
  if (vipOwner) return new Set();
  const translated = new Set(services.filter((service) => !isDirect(service)).map(({ vip }) => vip));
  return new Set(services.map(({ vip }) => vip).filter((vip) => !translated.has(vip)));
}
