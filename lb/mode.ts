import type { LbService } from './config.ts';

/** Whether servers answer clients directly (dsr, l3dsr), so that the load balancer sees one direction only. */
export function isDirect({ mode }: Pick<LbService, 'mode'>): boolean {
  return mode === 'dsr' || mode === 'l3dsr';
}
