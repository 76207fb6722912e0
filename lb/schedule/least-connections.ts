import type { Weighted } from './smooth-wrr.ts';

/**
 * Servers for the next `count` new flows: each goes to the server with the fewest flows per weight, including those
 * assigned before it. The kernel cannot compare servers, so it gets this list, and soon a new one.
 */
export function leastConnections<T extends Weighted & { flows: number }>(servers: readonly T[], count: number): T[] {
  const flows = servers.map((server) => server.flows);
  const load = (i: number) => (flows[i]! + 1) / servers[i]!.weight;
  return Array.from({ length: count }, () => {
    let best = 0;
    for (let i = 1; i < servers.length; i++) if (load(i) < load(best)) best = i;
    flows[best]! += 1;
    return servers[best]!;
  });
}
