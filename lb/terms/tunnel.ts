import { isIPv4 } from './address.ts';
import type { LbConfig } from './config.ts';
import { markOfText } from './mark.ts';
import { MODES } from './mode.ts';

const PREFIX = 'ipip-';

/** Bytes of the outer header, by IP version. */
export const OUTER_HEADER = { 4: 20, 6: 40 } as const;

/** IANA protocol numbers of IP in IP, by version of the inner packet (RFC 2003, 2473, 4213). */
export const IP_IN_IP = { 4: 4, 6: 41 } as const;

/** Errors of `ip link add` if the kernel lacks the type of device. */
export const NO_SUCH_TYPE = /Unknown device type|Operation not supported/;

/** TTL of outer packets (net.ipv4.ip_default_ttl), regardless of the inner TTL. */
export const OUTER_TTL = 64;

/** Minimum IPv6 MTU of every link (RFC 8200, 5), also of tunnel devices. */
const IPV6_MIN_MTU = 1280;

/** A tunnel to a server. `carries` is the IP version of the VIP; the address of the server may have the other version. */
export interface Tunnel {
  server: string;
  carries: 4 | 6;
}

export function versionOf(address: string): 4 | 6 {
  return isIPv4(address) ? 4 : 6;
}

/** Whether inner and outer packets have different IP versions. */
export function isMixed({ server, carries }: Tunnel): boolean {
  return versionOf(server) !== carries;
}

/** Device that sends packets through this tunnel. */
export function tunnelName(tunnel: Tunnel): string {
  return `${PREFIX}${tunnelMark(tunnel).slice(2)}`;
}

/** Whether a device is a tunnel of a load balancer. */
export function isTunnelName(device: string): boolean {
  return device.startsWith(PREFIX);
}

/** Mark of packets for this tunnel, and number of its routing table. */
export function tunnelMark(tunnel: Tunnel): string {
  return markOfText(`tunnel ${tunnel.server}${isMixed(tunnel) ? ` ${tunnel.carries}` : ''}`);
}

/** Tunnels of these services, one per server and IP version of its VIPs. */
export function tunnelsIn({ services }: Pick<LbConfig, 'services'>): Tunnel[] {
  const all = services
    .filter(({ mode }) => MODES[mode].handsOver === 'tunnel')
    .flatMap(({ vip, servers }) =>
      servers.map(({ address }): Tunnel => ({ server: address, carries: versionOf(vip) })),
    );
  return [...new Map(all.map((tunnel) => [tunnelMark(tunnel), tunnel])).values()];
}

/** MTU of a tunnel over an interface with this MTU. */
export function tunnelMtu({ server, carries }: Tunnel, mtu: number): number {
  const inner = mtu - OUTER_HEADER[versionOf(server)];
  return carries === 6 ? Math.max(IPV6_MIN_MTU, inner) : inner;
}
