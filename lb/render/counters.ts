import type { LbServer, LbService } from '../terms/config.ts';
import { isDirect } from '../terms/mode.ts';
import { familyOf } from './family.ts';
import { countedIn, forgottenElement, memberElement, memberMaps } from './members.ts';
import { trafficElements } from './traffic.ts';

/** A set or map whose elements count the packets that they match, and one of its elements. */
export interface CountingElement {
  set: string;
  key: string;
}

/** What counts the flows that a server was given in a service, and its packets. */
export function serverCounters(service: LbService, server: LbServer): Record<'newFlows' | 'packets', CountingElement> {
  if (!isDirect(service)) return trafficElements(service, server);
  const key = memberElement(service, server);
  const { newFlows } = memberMaps(familyOf(service.vip), service.protocol);
  return { newFlows: { set: newFlows, key }, packets: { set: countedIn(service), key } };
}

/** What counts the packets of flows that the full flow table could not remember; null where there is none. */
export function forgottenCounter(service: LbService): CountingElement | null {
  if (!isDirect(service)) return null;
  const { forgotten } = memberMaps(familyOf(service.vip), service.protocol);
  return { set: forgotten, key: forgottenElement(service) };
}
