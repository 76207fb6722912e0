import type { LbService } from './config.ts';
import { MODES } from './mode.ts';

/**
 * Whether health checks of a service request its VIP at each server; otherwise they use the server's own address.
 * Through a tunnel the VIP cannot be checked: the reply has the VIP as source, which may be the load balancer's own
 * address.
 */
export function asksForVip({ mode, check }: Pick<LbService, 'mode' | 'check'>): boolean {
  const { handsOver } = MODES[mode];
  return (handsOver === 'mac' || handsOver === 'dscp') && check.type !== 'none' && check.target !== 'server';
}
