import type { LbService } from '../terms/config.ts';
import { familyOf } from './family.ts';
import { remember } from './remember.ts';

/** Address, protocol and port: the key of a service in all dispatch maps. */
export function serviceKey({ vip, protocol, port }: LbService): string {
  return `${vip} . ${protocol} . ${port}`;
}

/** The service as element of a set. */
export const serviceElement = remember((_, service): [string, null] => [serviceKey(service), null]);

/** Element that maps packets of the service to its chain. */
export const dispatchElement = remember((_, service): [string, string] => [
  serviceKey(service),
  `goto to.${service.name}`,
]);

/** The fields of a packet that `serviceKey` matches. */
export function packetKey(version: 4 | 6): string {
  return `${version === 4 ? 'ip' : 'ip6'} daddr . meta l4proto . th dport`;
}

/** Type of a map with keys from `serviceKey`. */
export function serviceKeyType(vip: string): string {
  return `${familyOf(vip).type} . inet_proto . inet_service`;
}
