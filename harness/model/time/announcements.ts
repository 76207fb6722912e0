import { host as withoutLength } from '../../scenario/address.ts';
import { isPaused } from '../../scenario/plan-at.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { ActionPlan } from '../../terms/plan.ts';
import { afterActions, afterAnnouncements, type Announcement } from '../learned.ts';
import { networkOf } from '../simulation/network.ts';
import { withHolders, type PairHolders } from '../simulation/pair-holders.ts';
import type { Known, Step } from './step.ts';
import { marked, uncertainAfter, unmarked, type UncertainNeighbours } from './uncertain-neighbours.ts';

/** Gratuitous ARP of masters in a step. */
export interface Announced {
  certain: Announcement[];
  /** Whether neighbours may have received announcements. */
  possible: Announcement[];
}

/**
 * A new master announces the addresses, if the pair does so; switches learn its port from its advertisements. If two masters
 * regain contact, the remaining one announces again only if it receives the other one's advertisement first.
 */
export function announcedByMasters({ plan, index, left: { holders: left }, before, after }: Step): Announced {
  const announcements: Announced = { certain: [], possible: [] };
  for (const [i, { pair: name, holders }] of after.entries()) {
    const pair = plan.pairs!.find((one) => one.name === name)!;
    const wasOpen = left.find((one) => one.pair === name)!.possible.length > 1;
    const isHealed = before[i]!.holders.length > holders.length;
    for (const node of holders) {
      const isNew = wasOpen || !before[i]!.holders.includes(node);
      if (!isNew && !isHealed) continue;
      const { iface } = pair.members.find((member) => member.node === node)!;
      const own = nodeOf(plan, node)
        .interfaces.find((one) => one.name === iface)!
        .addresses.map(withoutLength);
      announcements.certain.push(...own.map((address) => ({ node, iface, address })));
      if (!pair.gratuitousArp) continue;
      // A paused member has not read the other one's advertisements yet.
      const stoodStill = left[i]!.members[node] === 'paused' && !isPaused(plan, index, node);
      (isNew || stoodStill ? announcements.certain : announcements.possible).push(
        ...pair.addresses.map(({ address, ifaces }) => ({ node, iface: ifaces[node]!, address })),
      );
    }
  }
  return announcements;
}

/** State of nodes when actions are done (`base`), before takeovers are announced (`old`), and after (`fresh`). */
export function learnedIn({ actions, left, now, before, after }: Step, announcements: Announced) {
  const noted = afterActions(marked(left.world.learned, left.doubts), actions, now);
  const at = (holders: PairHolders[], { certain, possible }: Announced): Known & { doubts: UncertainNeighbours } => {
    const network = networkOf(withHolders(now, holders));
    const learned = afterAnnouncements(network, noted, [...announced(actions), ...certain]);
    return { network, ...unmarked(uncertainAfter(learned, afterAnnouncements(network, learned, possible))) };
  };
  return {
    base: unmarked(noted).learned,
    old: at(before, { certain: [], possible: [] }),
    fresh: at(after, announcements),
  };
}

function announced(actions: ActionPlan[]): Announcement[] {
  return actions.flatMap((action) => (action.do === 'announce' ? [action] : []));
}
