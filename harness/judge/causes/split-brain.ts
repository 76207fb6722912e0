import { cause, type Cause } from '../../terms/cause.ts';
import type { Evidence } from '../evidence.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { Plan } from '../../terms/plan.ts';
import { nextHop } from './next-hop.ts';

/**
 * Where packets went to an address that several members of a pair held, that is to blame for whatever came of it, unless
 * they were lost on the way to a node that is gone.
 */
export function ofTwoMasters(found: Cause, { walk, moment, plan }: Evidence): Cause {
  const shared = Object.entries(moment?.holders ?? {}).filter(([, holders]) => holders.length > 1);
  if (shared.length === 0 || found.code === 'stale-neighbour') return found;
  const asked = [...walk.request, ...walk.reply]
    .filter(({ node, direction, src }) => direction === 'out' && addresses(plan, node, src.mac))
    .map(({ node, dst }) => nextHop(plan, node, dst.ip));
  const [address, masters] = shared.find(([one]) => asked.includes(one)) ?? [];
  if (address === undefined || masters === undefined) return found;
  return cause('split-brain', 'two-masters', { node: found.node, address, masters: masters.toSorted() });
}

/** Whether a node chose the address of a frame that it sends: a switch passes on what others have addressed. */
function addresses(plan: Plan, name: string, mac: string): boolean {
  const { bridge, interfaces } = nodeOf(plan, name);
  return !bridge || interfaces.some((iface) => iface.mac === mac);
}
