import type { LbService } from './config.ts';
import { MODES } from './mode.ts';

/** Explicit proxy IPs of a service; empty for `auto`. */
export function proxyIps({ mode, proxyIp }: Pick<LbService, 'mode' | 'proxyIp'>): string[] {
  if (!MODES[mode].hidesSource || proxyIp === undefined || proxyIp === 'auto') return [];
  return [proxyIp].flat();
}
