import { versionOf } from '../../lb/terms/tunnel.ts';

/** Tunnels as defined by the load balancer. */
export {
  IP_IN_IP,
  isTunnelName,
  NO_SUCH_TYPE,
  OUTER_HEADER,
  tunnelMtu,
  tunnelName,
  tunnelsIn,
  versionOf,
} from '../../lb/terms/tunnel.ts';

/** End of a tunnel: inner packets of one IP version are unpacked at an address (RFC 2003, 2473, 4213). */
export interface TunnelEnd {
  address: string;
  carries: 4 | 6;
}

/** Device of a server that unpacks them. Over IPv4 there is one per inner version, over IPv6 one for both (ipip.c, sit.c, ip6_tunnel.c). */
export function endDevice({ address, carries }: TunnelEnd): string {
  if (versionOf(address) === 6) return 'ipip6';
  return carries === 4 ? 'ipip4' : 'sit4';
}

/** Whether a node unpacks a packet, by the destinations of outer and inner header. */
export function endsAt(
  { tunnelEnds = [] }: { tunnelEnds?: TunnelEnd[] },
  { outer, carried }: { outer: string; carried: string },
): boolean {
  return tunnelEnds.some(({ address, carries }) => address === outer && carries === versionOf(carried));
}
