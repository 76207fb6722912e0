import { cause, type Cause } from '../../terms/cause.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { Plan } from '../../terms/plan.ts';
import { nextHop } from './next-hop.ts';

/**
 * If packets went to an address that several members of a pair held, this is the cause, unless they were lost on the path to a
 * node that is gone.
 */
export function ofTwoMasters(found: Cause, { walk, moment, plan }: Evidence): Cause {
  if (!moment || found.code === 'stale-neighbour') return found;
  const shared = [...walk.request, ...walk.reply]
    .filter(({ node, direction, src }) => direction === 'out' && addresses(plan, node, src.mac))
    .map(({ node, src, dst, time = 0 }) => {
      const address = nextHop(plan, node, { src: src.ip, dst: dst.ip });
      return { address, masters: moment.holders(address, time) ?? [] };
    })
    .find(({ masters }) => masters.length > 1);
  if (!shared) return found;
  const { address, masters } = shared;
  return cause('split-brain', 'two-masters', { node: found.node, address, masters: masters.toSorted() });
}

/** Whether a node chose the destination of a frame: a switch forwards frames that others have addressed. */
function addresses(plan: Plan, name: string, mac: string): boolean {
  const { bridge, interfaces } = nodeOf(plan, name);
  return !bridge || interfaces.some((iface) => iface.mac === mac);
}
