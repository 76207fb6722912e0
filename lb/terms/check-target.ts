import type { LbService } from './config.ts';
import { isDirect } from './mode.ts';

/** Whether health checks of a service ask for its VIP at each server; otherwise they ask for the server's own address. */
export function asksForVip({ mode, check }: Pick<LbService, 'mode' | 'check'>): boolean {
  return isDirect({ mode }) && check.type !== 'none' && check.target !== 'server';
}
