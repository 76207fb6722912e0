import { runToEnd } from './program.ts';
import type { RouteQuestion } from './protocol.ts';

/** What the kernel would do with a packet: the words of `ip route get` (ip-route(8)), or of its refusal. */
export async function routeGet({ to, came }: RouteQuestion): Promise<string> {
  const as = came ? ['from', came.from, 'iif', came.iif] : [];
  const { stdout, stderr } = await runToEnd(['ip', 'route', 'get', to, ...as]);
  return stdout + stderr;
}
