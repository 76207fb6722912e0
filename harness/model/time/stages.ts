import { actionsUntil, isKilled, STARTS } from '../../scenario/lb-process.ts';
import { isPaused } from '../../scenario/plan-at.ts';
import type { ActionPlan, Plan } from '../../terms/plan.ts';
import { learnedFromLoadBalancers } from '../health.ts';
import { without, withoutFailures, wrongEntries } from '../learned.ts';
import type { PairHolders } from '../simulation/pair-holders.ts';
import { announcedByMasters, learnedIn } from './announcements.ts';
import { untilDone, untilSettled, whileActionsRun, whileAddressesMove, type Passing } from './passing-states.ts';
import type { Pending } from './predicted-outage.ts';
import { stepAt, type Elapsed, type Left } from './step.ts';
import { checkFails, checkPasses, masterDown } from './takeover-time.ts';
import type { UncertainNeighbours } from './uncertain-neighbours.ts';
import { viewsOf, type World } from './world.ts';
import { ageBound, ageingEntries } from './wrong-entry-ages.ts';

/** The states that a lab goes through in a step. */
export interface Stages {
  /** Final states: several if an entry of a table may or may not have aged. */
  settled: World[];
  /** Possible earlier states, each with the remaining changes. */
  passing: Passing;
  /** Changes before its actions are done. */
  first: Pending[];
  holders: PairHolders[];
  wrongFor: Map<string, Elapsed>;
  doubts: UncertainNeighbours;
}

/** Splits a step into stages: actions immediately, then takeovers, checks and ageing, each in its own time. */
export function stagesOf(plan: Plan, index: number, left: Left): Stages {
  const step = stepAt(plan, index, left);
  const { actions, now, before, after, world } = step;
  const announcements = announcedByMasters(step);
  const { base, old, fresh } = learnedIn(step, announcements);
  const remembered = withoutViewsOf(left.world, started(actions));
  const circumstances = world(fresh, remembered).circumstances;
  const checked = withoutFailures(
    learnedFromLoadBalancers(fresh.network, new Map(fresh.learned), circumstances) ?? new Map(),
  );
  const { wrongFor, ageing, isSure } = ageingEntries(step, wrongEntries(fresh.network, circumstances, checked));
  const final = { network: fresh.network, learned: without(checked, ageing) };
  const frozen = new Set(plan.nodes.map(({ name }) => name).filter((name) => runsNoChecks(plan, index, name)));
  const views = viewsOf(world(final, remembered), frozen);
  // A load balancer that has just been started has seen the current state before it serves.
  const known = new Map([...remembered].filter(([key]) => views.get(key)?.isAtOnce !== true));
  const meanwhile = new Map([...views, ...known]);
  return {
    settled: [world(final, views), ...(isSure ? [] : [world({ ...final, learned: checked }, views)])],
    passing: [
      ...untilSettled(step, {
        holders: {
          pending: after.flatMap((one, i) => takeover(plan, one, before[i]!)),
          old,
          fresh: { ...fresh, learned: checked },
        },
        views: { pending: changesOf(known, views), old: meanwhile, fresh: views },
        ages: { pending: ageing.map((one) => ageBound(now, one)), ageing },
      }),
      ...whileAddressesMove(step, { announcements, base, views: meanwhile }),
      ...whileActionsRun(step, base, meanwhile),
    ],
    first: actions.filter((action) => STARTS.includes(action.do)).map(untilDone),
    holders: after,
    wrongFor,
    doubts: fresh.doubts,
  };
}

function started(actions: ActionPlan[]): Set<string> {
  return new Set(
    actions.flatMap((action) => (STARTS.includes(action.do) || action.do === 'kill' ? [nodeOfAction(action)] : [])),
  );
}

function nodeOfAction(action: ActionPlan): string {
  return 'node' in action ? action.node : '';
}

function takeover(plan: Plan, after: PairHolders, before: PairHolders): Pending[] {
  const [master] = after.holders.filter((node) => !before.holders.includes(node));
  const pair = plan.pairs!.find(({ name }) => name === after.pair)!;
  return master === undefined ? [] : [{ key: `holders ${pair.name}`, bound: masterDown(pair, master) }];
}

/** Whether a node's load balancer runs no checks: its process was killed, or is paused. */
function runsNoChecks(plan: Plan, index: number, node: string): boolean {
  return isKilled(actionsUntil(plan, index), node) || isPaused(plan, index, node);
}

/** A load balancer that has just been started has checked every server before it serves. */
function withoutViewsOf({ views }: World, l4s: Set<string>): World['views'] {
  return new Map([...views].filter(([key]) => !l4s.has(key.split(' ')[0]!)));
}

/** Servers that come or go, for load balancers that have seen them before. */
function changesOf(before: World['views'], after: World['views']): Pending[] {
  const all = [...after].flatMap(([key, { service, isUp }]): Pending[] => {
    const former = before.get(key);
    if (former === undefined || former.isUp === isUp) return [];
    return [{ key: `views ${service.name} ${isUp}`, bound: isUp ? checkPasses(service) : checkFails(service) }];
  });
  return [...new Map(all.map((one) => [one.key, one])).values()];
}
