/**
 * What a kernel would do with a packet (fib_validate_source, ip_route_input_slow of the Linux kernel):
 * - `source-refused`: its source is not accepted there; newer kernels do not report why
 * - `reverse-path`: its source is not accepted, because replies would leave through another interface
 * - `unknown`: the query failed for another reason
 */
export type RouteAnswer = 'routed' | 'no-route' | 'source-refused' | 'reverse-path' | 'unknown';
