import type { HopAddress } from '../../terms/walk.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { Evidence } from './evidence.ts';

/** How NAT of a router, or a load balancer with a proxy IP, sent a request on: the original source, and the called address. */
interface TranslatedRequest {
  /** The original source of the request, to which answers are translated back. */
  source: HopAddress;
  called: HopAddress;
}

/** The request that an answer to a translated source belongs to; null if the node sent none from that address. */
export function translatedBack(
  { plan, walk: { request } }: Pick<Evidence, 'plan' | 'walk'>,
  node: string,
  address: string,
): TranslatedRequest | null {
  const { nat, balancer } = nodeOf(plan, node);
  if (nat === undefined && balancer === null) return null;
  const index = request.findIndex((hop) => hop.node === node && hop.direction === 'out' && hop.src.ip === address);
  const [came, left] = [request[index - 1], request[index]];
  if (came?.node !== node || left === undefined || came.src.ip === address) return null;
  return { source: came.src, called: left.dst };
}
