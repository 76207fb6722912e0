import type { LbService } from '../config.ts';
import { familyOf } from './family.ts';

/** Address, protocol and port that name a service in every map that finds one for a packet. */
export function serviceKey({ vip, protocol, port }: LbService): string {
  return `${vip} . ${protocol} . ${port}`;
}

/** What of a packet is compared with `serviceKey`. */
export function packetKey(version: 4 | 6): string {
  return `${version === 4 ? 'ip' : 'ip6'} daddr . meta l4proto . th dport`;
}

/** Type of a map whose keys are made by `serviceKey`. */
export function serviceKeyType(vip: string): string {
  return `${familyOf(vip).type} . inet_proto . inet_service`;
}
