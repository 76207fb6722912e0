import { isIPv4 } from './address.ts';
import type { LbConfig } from './config.ts';
import { markOfText } from './mark.ts';
import { MODES } from './mode.ts';

const PREFIX = 'ipip-';

/** Bytes of the outer header, by IP version. */
export const OUTER_HEADER = { 4: 20, 6: 40 } as const;

/** IANA protocol numbers of an IP packet in another one (RFC 2003, 2473). */
export const IP_IN_IP = { 4: 4, 6: 41 } as const;

/** TTL of outer packets (net.ipv4.ip_default_ttl), whatever that of the packets in them. */
export const OUTER_TTL = 64;

/** Device whose packets go to this server in another IP packet. */
export function tunnelName(server: string): string {
  return `${PREFIX}${tunnelMark(server).slice(2)}`;
}

/** Whether a device is of a load balancer's tunnels. */
export function isTunnelName(device: string): boolean {
  return device.startsWith(PREFIX);
}

/** Mark of packets for that device, and number of its routing table. */
export function tunnelMark(server: string): string {
  return markOfText(`tunnel ${server}`);
}

/** Servers that get packets through tunnels. */
export function tunnelServers({ services }: Pick<LbConfig, 'services'>): string[] {
  const tunnelled = services.filter(({ mode }) => MODES[mode].handsOver === 'tunnel');
  return [...new Set(tunnelled.flatMap(({ servers }) => servers.map(({ address }) => address)))];
}

/** Bytes of a packet that a tunnel to a server takes, of the interface that it goes by. */
export function tunnelMtu(server: string, mtu: number): number {
  return mtu - OUTER_HEADER[isIPv4(server) ? 4 : 6];
}
