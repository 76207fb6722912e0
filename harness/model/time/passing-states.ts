import { actionsUntil, isKilled } from '../../scenario/lb-process.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import { planAt, withLinkDown } from '../../scenario/plan-at.ts';
import type { ActionPlan, NodePlan, Plan } from '../../terms/plan.ts';
import { afterAnnouncements, without, type Learned, type WrongEntry } from '../learned.ts';
import { localAddresses } from '../simulation/address-ownership.ts';
import { networkOf } from '../simulation/network.ts';
import { withHolders } from '../simulation/pair-holders.ts';
import type { Announced } from './announcements.ts';
import type { Pending } from './predicted-outage.ts';
import type { Known, Step } from './step.ts';
import type { World } from './world.ts';

/** Possible states before a step has settled, each with the remaining changes. */
export type Passing = { world: World; pending: Pending[] }[];

/** Delayed changes of a step: takeovers, server states of load balancers, and ageing entries. */
interface Changes {
  holders: { pending: Pending[]; old: Known; fresh: Known };
  views: { pending: Pending[]; old: World['views']; fresh: World['views'] };
  ages: { pending: Pending[]; ageing: WrongEntry[] };
}

/** Every state in which some of these changes have happened; their order is unknown. */
export function untilSettled({ world }: Step, { holders, views, ages }: Changes): Passing {
  const before = (list: unknown[]): boolean[] => (list.length > 0 ? [false, true] : [true]);
  const passing: Passing = [];
  for (const holds of before(holders.pending)) {
    for (const sees of before(views.pending)) {
      for (const knows of before(ages.pending)) {
        const pending = [
          ...(holds ? [] : holders.pending),
          ...(sees ? [] : views.pending),
          ...(knows ? [] : ages.pending),
        ];
        if (pending.length === 0) continue;
        const { network, learned } = holds ? holders.fresh : holders.old;
        const aged = knows ? ages.ageing.filter((one) => isIn(learned, one)) : [];
        passing.push({
          world: world({ network, learned: knows ? without(learned, aged) : learned }, sees ? views.fresh : views.old),
          pending,
        });
      }
    }
  }
  return passing;
}

/** Addresses are announced one after the other; the old master may still hold them, or have released them. */
export function whileAddressesMove(
  { plan, now, before, after, world }: Step,
  { announcements, base, views }: { announcements: Announced; base: Learned; views: World['views'] },
): Passing {
  const both = after.map((one, i) => ({ ...one, holders: [...new Set([...one.holders, ...before[i]!.holders])] }));
  const all = [...announcements.certain, ...announcements.possible];
  const moved = new Set(all.map(({ address }) => address).filter((address) => isOfPair(plan, address)));
  if (moved.size < 2) return [];
  return [...moved].flatMap((moving) =>
    [both, after].map((holders) => {
      const network = networkOf(withHolders(now, holders));
      const learned = afterAnnouncements(
        network,
        base,
        all.filter(({ address }) => address === moving),
      );
      return { world: world({ network, learned }, views), pending: [] };
    }),
  );
}

/** The states during an action that takes time. */
export function whileActionsRun(
  { plan, index, actions, now, after, world }: Step,
  learned: Learned,
  views: World['views'],
): Passing {
  // Rules of a killed load balancer stay until the new one has created its own.
  const hasRules = (action: ActionPlan): boolean =>
    action.do === 'restartLb' && isKilled(actionsUntil(plan, index, action), action.node);
  return actions
    .filter((action) => !hasRules(action))
    .flatMap((action) =>
      interrupted(now, planAt(plan, index - 1), action).map((between) => ({
        world: world({ network: networkOf(withHolders(between, after)), learned }, views),
        pending: action.do === 'stopLb' ? [] : [untilDone(action)],
      })),
    );
}

/** A change that ends with the action itself. */
export function untilDone({ do: until }: ActionPlan): Pending {
  return { key: until, until };
}

/** The plans during an action that takes time: a load balancer between stop and start, a link that is down. */
function interrupted(now: Plan, before: Plan, action: ActionPlan): Plan[] {
  if (action.do === 'stopLb' || action.do === 'restartLb') {
    const instead = (node: NodePlan): Plan => ({
      ...now,
      nodes: now.nodes.map((one) => (one.name === node.name ? node : one)),
    });
    const rulesGone = instead(withoutRules(nodeOf(before, action.node)));
    return action.do === 'stopLb' ? [rulesGone] : [rulesGone, instead({ ...nodeOf(now, action.node), balancer: null })];
  }
  if (action.do !== 'flap') return [];
  return [withLinkDown(now, action)];
}

/** A node whose load balancer is stopping: it removes its rules first, then its addresses. */
function withoutRules(node: NodePlan): NodePlan {
  const alone = { ...node, balancer: null };
  const own = localAddresses(alone).map(({ ip }) => ip);
  const added = localAddresses(node).filter(({ ip }) => !own.includes(ip));
  const at = (name: string): string[] =>
    added.filter(({ device }) => device === name).map(({ ip }) => `${ip}/${ip.includes(':') ? 128 : 32}`);
  return {
    ...alone,
    interfaces: node.interfaces.map((iface) => ({ ...iface, addresses: [...iface.addresses, ...at(iface.name)] })),
    loopback: [...node.loopback, ...at('lo')],
  };
}

function isOfPair({ pairs = [] }: Plan, address: string): boolean {
  return pairs.some(({ addresses }) => addresses.some((one) => one.address === address));
}

function isIn(learned: Learned, { node, kind, key }: WrongEntry): boolean {
  const state = learned.get(node);
  return state !== undefined && (kind === 'mac' ? state.macTable : state.neighbours).has(key);
}
