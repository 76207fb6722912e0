/** Tunnels as defined by the load balancer. */
export { IP_IN_IP, isTunnelName, OUTER_HEADER, tunnelMtu, tunnelName, tunnelServers } from '../../lb/terms/tunnel.ts';

/** Devices of a server that take packets out of their tunnel (RFC 2003, 2473), by IP version. */
export const TUNNEL_END = { 4: 'ipip4', 6: 'ipip6' } as const;
