import { actionsUntil, isKilled, STARTS } from '../../scenario/lb-process.ts';
import { host as withoutLength } from '../../scenario/address.ts';
import { hasPower, isPaused, planAt, withLinkDown } from '../../scenario/plan-at.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import type { NodePlan, Plan, ActionPlan, StepPlan } from '../../terms/plan.ts';
import type { Place } from '../../terms/cause.ts';
import { localAddresses } from '../simulation/address-ownership.ts';
import type { Circumstances } from '../simulation/circumstances.ts';
import { uncertainAfter, marked, unmarked, type UncertainNeighbours } from './uncertain-neighbours.ts';
import { learnedFromLoadBalancers } from '../health.ts';
import {
  afterActions,
  afterAnnouncements,
  wrongEntries,
  without,
  withoutFailures,
  type Announcement,
  type Learned,
  type WrongEntry,
} from '../learned.ts';
import { networkOf, type Network } from '../simulation/network.ts';
import { holdersAt, withHolders, type PairHolders } from '../simulation/pair-holders.ts';
import type { Pending } from './predicted-outage.ts';
import { checkFails, checkPasses, macAge, masterDown, neighbourAge, type Age } from './takeover-time.ts';
import { viewsOf, type World } from './world.ts';

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
interface Elapsed {
  atLeastMs: number;
  atMostMs: number;
}

/** The states that a lab goes through in a step. */
export interface Stages {
  /** Final states: several if an entry of a table may or may not have aged. */
  settled: World[];
  /** Possible earlier states, each with the remaining changes. */
  passing: { world: World; pending: Pending[] }[];
  /** Changes before its actions are done. */
  first: Pending[];
  holders: PairHolders[];
  wrongFor: Map<string, Elapsed>;
  doubts: UncertainNeighbours;
}

/** Maximum time until actions are done and streams continue, ms. */
const SLACK_MS = 1000;

/** A step, and its initial state. */
interface Step {
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

interface Known {
  network: Network;
  learned: Learned;
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
  const frozen = new Set(plan.nodes.map(({ name }) => name).filter((name) => checksNobody(plan, index, name)));
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

function stepAt(plan: Plan, index: number, left: Left): Step {
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

/** State of nodes when actions are done (`base`), before takeovers are announced (`old`), and after (`fresh`). */
function learnedIn({ actions, left, now, before, after }: Step, announcements: Announced) {
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

/**
 * Which wrong entries of nodes may have aged by the end of a step.
 * @param wrong the wrong entries then
 * @returns `isSure`: whether all of them have certainly aged
 */
function ageingEntries({ plan, index, left, now }: Step, wrong: WrongEntry[]) {
  const steps = plan.timeline!.steps;
  const wrongFor = new Map(
    wrong.map((one) => [wrongEntryKey(one), longer(left.wrongFor.get(wrongEntryKey(one)), steps[index]!)]),
  );
  const sinceFirst = steps.slice(0, index + 1).reduce((sum, one) => sum + longest(one), 0);
  const elapsed = (one: WrongEntry): Elapsed => wrongFor.get(wrongEntryKey(one))!;
  const ageing = wrong.filter((one) => {
    const { atLeastMs, notBeforeMs } = ageOf(now, one);
    return atLeastMs <= elapsed(one).atMostMs && notBeforeMs <= sinceFirst;
  });
  return { wrongFor, ageing, isSure: ageing.every((one) => ageOf(now, one).atMostMs <= elapsed(one).atLeastMs) };
}

type Passing = Stages['passing'];

/** Delayed changes of a step: takeovers, server states of load balancers, and ageing entries. */
interface Changes {
  holders: { pending: Pending[]; old: Known; fresh: Known };
  views: { pending: Pending[]; old: World['views']; fresh: World['views'] };
  ages: { pending: Pending[]; ageing: WrongEntry[] };
}

/** Every state in which some of these changes have happened; their order is unknown. */
function untilSettled({ world }: Step, { holders, views, ages }: Changes): Passing {
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
function whileAddressesMove(
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
function whileActionsRun(
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

function untilDone({ do: until }: ActionPlan): Pending {
  return { key: until, until };
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

interface Announced {
  certain: Announcement[];
  /** Whether neighbours may have received announcements. */
  possible: Announcement[];
}

/**
 * A new master announces the addresses, if the pair does so; switches learn its port from its advertisements. If two masters
 * regain contact, the remaining one announces again only if it receives the other one's advertisement first.
 */
function announcedByMasters({ plan, index, left: { holders: left }, before, after }: Step): Announced {
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

function isOfPair({ pairs = [] }: Plan, address: string): boolean {
  return pairs.some(({ addresses }) => addresses.some((one) => one.address === address));
}

function announced(actions: ActionPlan[]): Announcement[] {
  return actions.flatMap((action) => (action.do === 'announce' ? [action] : []));
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

/** Whether a node's load balancer runs no checks: its process was killed, or is paused. */
function checksNobody(plan: Plan, index: number, node: string): boolean {
  return isKilled(actionsUntil(plan, index), node) || isPaused(plan, index, node);
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

function ageOf(plan: Plan, { node, kind }: WrongEntry): Age {
  return kind === 'mac' ? macAge(nodeOf(plan, node)) : neighbourAge(nodeOf(plan, node));
}

function ageBound(plan: Plan, mistake: WrongEntry): Pending {
  const { node, kind } = mistake;
  const params = { node, ms: ageOf(plan, mistake).atMostMs };
  return {
    key: `ages ${kind} ${node}`,
    bound: kind === 'mac' ? { code: 'mac-ages', params } : { code: 'neighbour-ages', params },
  };
}

function wrongEntryKey({ node, kind, key }: WrongEntry): string {
  return `${node} ${kind} ${key}`;
}

function longer(before: Elapsed = { atLeastMs: 0, atMostMs: 0 }, step: StepPlan): Elapsed {
  return { atLeastMs: before.atLeastMs + step.forMs, atMostMs: before.atMostMs + longest(step) };
}

/** Maximum length of a step, ms. */
export function longest({ forMs, until }: StepPlan): number {
  return forMs + (until?.withinMs ?? 0) + SLACK_MS;
}

function isIn(learned: Learned, { node, kind, key }: WrongEntry): boolean {
  const state = learned.get(node);
  return state !== undefined && (kind === 'mac' ? state.macTable : state.neighbours).has(key);
}
