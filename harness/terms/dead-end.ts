/** Routes that lead nowhere (ip-route(8)): what a kernel does with the packets that take one. */
export const DEAD_ENDS = ['blackhole', 'unreachable', 'prohibit'] as const;

/**
 * - `blackhole`: drops them in silence; local calls get EINVAL
 * - `unreachable`: ICMP host unreachable, in IPv6 no route; EHOSTUNREACH
 * - `prohibit`: ICMP prohibited; EACCES
 */
export type DeadEnd = (typeof DEAD_ENDS)[number];
