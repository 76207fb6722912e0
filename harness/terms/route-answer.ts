/**
 * What a kernel would do with a packet (fib_validate_source, ip_route_input_slow of the Linux kernel):
 * - `source-refused`: its source is not taken there; newer kernels do not tell why
 * - `reverse-path`: its source is not taken, since it came by another interface than answers would leave by
 * - `unknown`: the question failed for another reason
 */
export type RouteAnswer = 'routed' | 'no-route' | 'source-refused' | 'reverse-path' | 'unknown';
