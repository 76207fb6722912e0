import type { LbService } from '../config.ts';
import { familyOf } from './family.ts';

/**
 * Expression that picks one of `values` (at least one) by the service's scheduler.
 * Evaluated once per new flow, so round robin alternates by flow.
 */
export function choose(service: LbService, values: string[]): string {
  const { ip } = familyOf(service.vip);
  const slots = values.map((value, i) => `${i} : ${value}`).join(', ');
  const index = {
    'round-robin': 'numgen inc',
    random: 'numgen random',
    'source-hash': `jhash ${ip} saddr`,
  }[service.scheduler];
  return `${index} mod ${values.length}${service.scheduler === 'source-hash' ? ' seed 0x6c346c62' : ''} map { ${slots} }`;
}
