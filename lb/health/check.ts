import type { LbService } from '../terms/config.ts';
import { checkHttp } from './http.ts';
import { checkIcmp } from './icmp.ts';
import type { CheckResult } from './result.ts';
import { checkTcp } from './tcp.ts';
import { checkUdp } from './udp.ts';

/** What one health check tests; services with the same target share it. */
export interface CheckTarget {
  /** Identity. */
  key: string;
  address: string;
  port: number;
  /** Host header of HTTP: always the VIP, whatever the address of the connection. */
  host: string;
  check: LbService['check'];
}

/** Runs one check. Never throws: every error is a failed check with its reason. */
export function checkOnce({ address, port, host, check }: CheckTarget): Promise<CheckResult> {
  switch (check.type) {
    case 'none':
      return Promise.resolve({ ok: true, reason: 'not checked' });
    case 'tcp':
      return checkTcp(address, port, check);
    case 'http':
      return checkHttp(address, port, host, check);
    case 'udp':
      return checkUdp(address, port, check);
    case 'icmp':
      return checkIcmp(address, port, check);
  }
}

export function checkTarget(fields: Omit<CheckTarget, 'key'>): CheckTarget {
  return { ...fields, key: JSON.stringify(fields) };
}
