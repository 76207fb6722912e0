import type { Hop, HopAddress, Walk } from '../terms/walk.ts';
import { nodeOf } from '../scenario/lookup.ts';
import type { Plan } from '../terms/plan.ts';

/** How a router's own NAT sent a request on: for whom, and to whom. */
interface SentOn {
  /** The source that the request came with, to which answers are translated back. */
  source: HopAddress;
  called: HopAddress;
}

/** The request that an answer which came to a router's NAT would belong to; null where the router sent none from there. */
export function translatedBack(plan: Plan, { request }: Walk, { node, dst }: Pick<Hop, 'node' | 'dst'>): SentOn | null {
  if (nodeOf(plan, node).nat === undefined) return null;
  const index = request.findIndex((hop) => hop.node === node && hop.direction === 'out' && hop.src.ip === dst.ip);
  const [came, left] = [request[index - 1], request[index]];
  if (came?.node !== node || left === undefined || came.src.ip === dst.ip) return null;
  return { source: came.src, called: left.dst };
}
