/** Dead-end routes (ip-route(8)): what the kernel does with packets that match. */
export const DEAD_ENDS = ['blackhole', 'unreachable', 'prohibit'] as const;

/**
 * - `blackhole`: drops them in silence; local calls get EINVAL
 * - `unreachable`: ICMP host unreachable, in IPv6 no route; EHOSTUNREACH
 * - `prohibit`: ICMP prohibited; EACCES
 */
export type DeadEnd = (typeof DEAD_ENDS)[number];
