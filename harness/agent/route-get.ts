import type { RouteAnswer } from '../terms/route-answer.ts';
import { runToEnd, type Ended } from './programs/program.ts';
import type { RouteQuery } from './protocol.ts';

/** What the kernel would do with a packet, according to `ip route get` (ip-route(8)). */
export async function routeGet({ to, incoming, mark }: RouteQuery): Promise<RouteAnswer> {
  const as = incoming ? ['from', incoming.from, 'iif', incoming.iif] : [];
  const marked = mark === undefined ? [] : ['mark', mark];
  return routeAnswer(await runToEnd(['ip', 'route', 'get', to, ...as, ...marked]));
}

/**
 * Parses the output of `ip route get`: the kernel rejects with an error number, or with a route of type `unreachable`.
 */
export function routeAnswer({ code, stdout, stderr }: Ended): RouteAnswer {
  const output = stdout + stderr;
  if (output.includes('unreachable')) return 'no-route';
  if (output.includes('Invalid cross-device link')) return 'reverse-path';
  if (output.includes('Invalid argument')) return 'source-refused';
  return code === 0 ? 'routed' : 'unknown';
}
