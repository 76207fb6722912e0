import { ICMP } from '../../observe/decode.ts';
import { nodeWithMac } from '../../scenario/lookup.ts';
import type { Plan } from '../../terms/plan.ts';
import type { Sighting } from '../../terms/sighting.ts';

/** An ICMP redirect that reached a node: packets for an address should use a gateway instead of the sender. */
export interface Redirect {
  node: string;
  router: string;
  address: string;
  gateway: string;
}

/** Redirects at the nodes that they are addressed to; switches on the path see them too. */
export function redirectsIn(packets: Sighting[], plan: Plan): Redirect[] {
  return packets.flatMap(({ node, direction, frame }) => {
    const { type, gateway, inner } = frame.icmp ?? {};
    if (type !== ICMP.redirect || direction !== 'in' || gateway === undefined || inner === undefined) return [];
    const router = nodeWithMac(plan, frame.srcMac);
    if (router === undefined || nodeWithMac(plan, frame.dstMac)?.name !== node) return [];
    return [{ node, router: router.name, address: inner.dst, gateway }];
  });
}
