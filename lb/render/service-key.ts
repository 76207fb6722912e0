import type { LbService } from '../terms/config.ts';
import { familyOf } from './family.ts';
import { remember } from './remember.ts';

/** Address, protocol and port that name a service in every map that finds one for a packet. */
export function serviceKey({ vip, protocol, port }: LbService): string {
  return `${vip} . ${protocol} . ${port}`;
}

/** Element by which a set has the service. */
export const serviceElement = remember((_, service): [string, null] => [serviceKey(service), null]);

/** Element that leads packets of the service to its chain. */
export const dispatchElement = remember((_, service): [string, string] => [
  serviceKey(service),
  `goto to.${service.name}`,
]);

/** What of a packet is compared with `serviceKey`. */
export function packetKey(version: 4 | 6): string {
  return `${version === 4 ? 'ip' : 'ip6'} daddr . meta l4proto . th dport`;
}

/** Type of a map whose keys are made by `serviceKey`. */
export function serviceKeyType(vip: string): string {
  return `${familyOf(vip).type} . inet_proto . inet_service`;
}
