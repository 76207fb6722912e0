import { linkNameOf } from '../terms/link-name.ts';
import type { LinkPlan } from '../terms/plan.ts';

/** Equal for all wires of one link. */
export function cableKey({ ends }: LinkPlan): string {
  return ends
    .map(({ node, iface }) => `${node} ${linkNameOf(iface)}`)
    .sort()
    .join();
}
