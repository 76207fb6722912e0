import type { LbServer, LbService } from '../terms/config.ts';
import { isDirect } from '../terms/mode.ts';
import { familyOf } from './family.ts';
import { countedIn, forgottenElement, memberElement, memberMaps } from './members.ts';
import { trafficElements } from './traffic.ts';

/** A counting set or map, and one of its elements. */
export interface CountingElement {
  set: string;
  key: string;
}

/** Counters of a server's flows and packets in a service. */
export function serverCounters(service: LbService, server: LbServer): Record<'newFlows' | 'packets', CountingElement> {
  if (!isDirect(service)) return trafficElements(service, server);
  const key = memberElement(service, server);
  const { newFlows } = memberMaps(familyOf(service.vip), service.protocol);
  return { newFlows: { set: newFlows, key }, packets: { set: countedIn(service), key } };
}

/** Counter of packets whose flow did not fit into the flow table; null if there is none. */
export function forgottenCounter(service: LbService): CountingElement | null {
  if (!isDirect(service)) return null;
  const { forgotten } = memberMaps(familyOf(service.vip), service.protocol);
  return { set: forgotten, key: forgottenElement(service) };
}
