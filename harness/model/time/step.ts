import { hasPower, isPaused, planAt } from '../../scenario/plan-at.ts';
import type { Place } from '../../terms/cause.ts';
import type { ActionPlan, Plan, StepPlan } from '../../terms/plan.ts';
import type { Learned } from '../learned.ts';
import type { Circumstances } from '../simulation/circumstances.ts';
import type { Network } from '../simulation/network.ts';
import { holdersAt, type PairHolders } from '../simulation/pair-holders.ts';
import type { UncertainNeighbours } from './uncertain-neighbours.ts';
import type { World } from './world.ts';

/** State passed to the next step. */
export interface Left {
  world: World;
  holders: PairHolders[];
  /** Failures in the steady state, by stream. */
  failing: Map<string, Place[]>;
  /** How long wrong entries of nodes have existed, ms, by entry. */
  wrongFor: Map<string, Elapsed>;
  /** Whether neighbours may have received announcements of pairs' addresses. */
  doubts: UncertainNeighbours;
}

/** Minimum and maximum. */
export interface Elapsed {
  atLeastMs: number;
  atMostMs: number;
}

/** A step, and its initial state. */
export interface Step {
  plan: Plan;
  index: number;
  actions: ActionPlan[];
  left: Left;
  /** The plan once its actions are done. */
  now: Plan;
  /** Holders of pairs' addresses when actions are done, and after the following takeovers. */
  before: PairHolders[];
  after: PairHolders[];
  /** A state of the lab in this step. */
  world: (known: Known, views: World['views']) => World;
}

/** What nodes have learned in a network. */
export interface Known {
  network: Network;
  learned: Learned;
}

/** The step at an index, after what previous ones have left. */
export function stepAt(plan: Plan, index: number, left: Left): Step {
  const { actions } = plan.timeline!.steps[index]!;
  const after = holdersAt(plan, index);
  const circumstances = circumstancesAt(plan, index, after);
  const failing = failingChecks(plan, index);
  return {
    ...{ plan, index, actions, left, after },
    now: planAt(plan, index),
    before: after.map((one) => ({ ...one, holders: holdersBeforeTakeover(one, left.holders, actions) })),
    world: ({ network, learned }, views) => ({ network, circumstances, learned, views, failing }),
  };
}

/** Power, pauses, and shared addresses, once the actions of a step are done. */
export function circumstancesAt(plan: Plan, index: number, holders: PairHolders[]): Circumstances {
  const names = plan.nodes.map(({ name }) => name);
  const split = holders.filter((one) => one.holders.length > 1);
  return {
    overTime: true,
    off: new Set(names.filter((name) => !hasPower(plan, index, name))),
    paused: new Set(names.filter((name) => isPaused(plan, index, name))),
    shared: new Map(
      split.flatMap(({ pair, holders: masters }) =>
        plan.pairs!.find(({ name }) => name === pair)!.addresses.map(({ address }) => [address, [...masters].sort()]),
      ),
    ),
    expired: new Map(),
  };
}

/** Holders of the addresses when the actions are done, before any takeover. */
function holdersBeforeTakeover({ pair, members }: PairHolders, before: PairHolders[], actions: ActionPlan[]): string[] {
  const lost = new Set(
    actions.flatMap((action) => (action.do === 'kill' || action.do === 'start' ? [action.node] : [])),
  );
  return before
    .find((one) => one.pair === pair)!
    .holders.filter((node) => members[node] !== 'off' && members[node] !== 'fault' && !lost.has(node));
}

/** Servers that answer HTTP checks with an error. */
function failingChecks(plan: Plan, index: number): Set<string> {
  const failing = new Set<string>();
  for (const action of plan.timeline!.steps.slice(0, index + 1).flatMap(({ actions }) => actions)) {
    if (action.do === 'failChecks') failing.add(action.node);
    else if (action.do === 'passChecks' || action.do === 'start') failing.delete(action.node);
  }
  return failing;
}

/** Maximum time until actions are done and streams continue, ms. */
const SLACK_MS = 1000;

/** Maximum length of a step, ms. */
export function longest({ forMs, until }: StepPlan): number {
  return forMs + (until?.withinMs ?? 0) + SLACK_MS;
}
