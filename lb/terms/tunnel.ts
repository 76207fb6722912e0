import { isIPv4 } from './address.ts';
import type { LbConfig } from './config.ts';
import { markOfText } from './mark.ts';
import { MODES } from './mode.ts';

const PREFIX = 'ipip-';

/** Bytes of the outer header, by IP version. */
export const OUTER_HEADER = { 4: 20, 6: 40 } as const;

/** IANA protocol numbers of an IP packet in another one, by the version of the one inside (RFC 2003, 2473, 4213). */
export const IP_IN_IP = { 4: 4, 6: 41 } as const;

/** TTL of outer packets (net.ipv4.ip_default_ttl), whatever that of the packets in them. */
export const OUTER_TTL = 64;

/** What every link must carry of IPv6 (RFC 8200, 5): a tunnel device never takes less. */
const LEAST_OF_IPV6 = 1280;

/** Packets of one IP version, which is that of a VIP, in packets to a server, whose address may be of the other one. */
export interface Tunnel {
  server: string;
  carries: 4 | 6;
}

export function versionOf(address: string): 4 | 6 {
  return isIPv4(address) ? 4 : 6;
}

/** Whether it carries packets in packets of the other IP version. */
export function isMixed({ server, carries }: Tunnel): boolean {
  return versionOf(server) !== carries;
}

/** Device whose packets go to this server in another IP packet. */
export function tunnelName(tunnel: Tunnel): string {
  return `${PREFIX}${tunnelMark(tunnel).slice(2)}`;
}

/** Whether a device is of a load balancer's tunnels. */
export function isTunnelName(device: string): boolean {
  return device.startsWith(PREFIX);
}

/** Mark of packets for that device, and number of its routing table. */
export function tunnelMark(tunnel: Tunnel): string {
  return markOfText(`tunnel ${tunnel.server}${isMixed(tunnel) ? ` ${tunnel.carries}` : ''}`);
}

/** Tunnels that packets go into. */
export function tunnelsIn({ services }: Pick<LbConfig, 'services'>): Tunnel[] {
  const all = services
    .filter(({ mode }) => MODES[mode].handsOver === 'tunnel')
    .flatMap(({ vip, servers }) =>
      servers.map(({ address }): Tunnel => ({ server: address, carries: versionOf(vip) })),
    );
  return [...new Map(all.map((tunnel) => [tunnelMark(tunnel), tunnel])).values()];
}

/** Bytes of a packet that a tunnel takes, of the interface that it goes by. */
export function tunnelMtu({ server, carries }: Tunnel, mtu: number): number {
  const room = mtu - OUTER_HEADER[versionOf(server)];
  return carries === 6 ? Math.max(LEAST_OF_IPV6, room) : room;
}
