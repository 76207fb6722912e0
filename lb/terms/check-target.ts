import type { LbService } from './config.ts';
import { MODES } from './mode.ts';

/**
 * Whether health checks of a service ask for its VIP at each server; otherwise they ask for the server's own address. In a
 * tunnel the VIP cannot be asked for: the answer comes to the load balancer from the VIP, which may be its own address.
 */
export function asksForVip({ mode, check }: Pick<LbService, 'mode' | 'check'>): boolean {
  const { handsOver } = MODES[mode];
  return (handsOver === 'mac' || handsOver === 'dscp') && check.type !== 'none' && check.target !== 'server';
}
