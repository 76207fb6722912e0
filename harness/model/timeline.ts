import { planAt } from '../scenario/plan-at.ts';
import { isDirect } from '../terms/mode.ts';
import type { Plan } from '../terms/plan.ts';
import type { Place } from '../terms/reason.ts';
import type { StreamPlan, StreamPrediction, Unknown } from '../terms/timeline.ts';
import type { Prediction } from '../terms/walk.ts';
import { initialStates } from './health.ts';
import { afterActions, keptText, synced, type Kept } from './kept-connection.ts';
import { sameWays, together, withoutFailures } from './learned.ts';
import { networkOf } from './network.ts';
import { holdersAt, withHolders } from './pair-holders.ts';
import { outageOf, placesOf } from './predicted-outage.ts';
import { circumstancesAt, stagesOf, type Left, type Stages } from './stages.ts';
import { courses, isKept, viewsOf, type Course, type World } from './world.ts';

/** How often calls may teach nodes something new before the state counts as settled. */
const MOST_ROUNDS = 3;
/** Connections of one stream that may differ in what is remembered of them. */
const MOST_KEPT = 12;

/** What streams do in a step, from the state that the steps before have left: by step, by stream. */
export function predictTimeline(plan: Plan): StreamPrediction[][] {
  let left = beforeFirst(plan);
  let kept = new Map<string, Kept[]>();
  return (plan.timeline?.steps ?? []).map((_, index) => {
    const next = takeStep(plan, index, { left, kept });
    ({ left, kept } = next);
    return next.predictions;
  });
}

/** The same for streams of which something is expected in a step, by the names of these cells: `STEP.STREAM`. */
export function predictedCells(plan: Plan): { name: string; predicted: StreamPrediction }[] {
  if (plan.timeline === undefined) return [];
  const { streams, steps } = plan.timeline;
  const predicted = predictTimeline(plan);
  return steps.flatMap((step, index) =>
    step.expect.map(({ stream }) => ({
      name: `${step.name}.${stream}`,
      predicted: predicted[index]![streams.findIndex(({ name }) => name === stream)]!,
    })),
  );
}

function beforeFirst(plan: Plan): Left {
  const holders = holdersAt(plan, -1);
  const network = networkOf(withHolders(planAt(plan, -1), holders));
  const [first, checked] = initialStates(network);
  const world = {
    network,
    circumstances: circumstancesAt(plan, -1, holders),
    learned: withoutFailures(checked ?? first ?? new Map()),
    views: new Map(),
    failing: new Set<string>(),
  };
  return { world: { ...world, views: viewsOf(world, new Set()) }, holders, failing: new Map(), mistaken: new Map() };
}

interface Before {
  left: Left;
  /** Connections that streams keep, or that calls in flight have, by stream: those that differ. */
  kept: Map<string, Kept[]>;
}

function takeStep(
  plan: Plan,
  index: number,
  { left, kept: before }: Before,
): Before & { predictions: StreamPrediction[] } {
  const { streams, steps } = plan.timeline!;
  const { actions } = steps[index]!;
  const stages = stagesOf(plan, index, left);
  const groups = stages.holders.flatMap(({ pair, groups: all }) =>
    plan.pairs!.some(({ name, sync }) => name === pair && sync === 'conntrackd') ? all : [],
  );
  // A call in flight may not have been told to the others yet.
  const told = (stream: StreamPlan, one: Kept): Kept => (isKept(stream) ? synced(one, groups) : one);
  const kept = new Map(
    streams.map((stream) => [
      stream.name,
      (before.get(stream.name) ?? []).map((one) => told(stream, afterActions(one, actions))),
    ]),
  );
  const settled = stages.settled.map((world) => settle(world, streams, kept));
  const passing = stages.passing.map(({ world, pending }) => ({ pending, tried: tryAll(world, streams, kept) }));
  const after = new Map<string, Kept[]>();
  const failing = new Map<string, Place[]>();
  const predictions = streams.map((stream): StreamPrediction => {
    const { name } = stream;
    const tries = settled.map(({ tried }) => tried.get(name)!);
    const unknown = unknownOf(plan, index, { stream, tries, stages });
    const isBeyond = unknown.some(({ code }) => code === 'action-unknown');
    const answers = distinct(tries.flatMap((tried) => answersOf(stream, tried)));
    failing.set(name, placesOf(answers));
    after.set(
      name,
      distinctKept(tries.flatMap((tried) => keptAfter(stream, tried))).map((one) => told(stream, one)),
    );
    return {
      settled: isBeyond ? null : answers,
      outage: outageOf(stream, isBeyond ? null : answers, [
        ...passing.map(({ pending, tried }) => ({ pending, places: failuresOf(stream, tried.get(name)!) })),
        { pending: stages.first, places: left.failing.get(name) ?? [] },
        { pending: [], places: settled.flatMap(({ early }) => early.get(name)!) },
        { pending: [], places: tries.flatMap((tried) => endsOf(stream, tried)) },
      ]),
      connections:
        isBeyond || stream.connection === 'new'
          ? null
          : fateOf(
              tries,
              passing.map(({ tried }) => tried.get(name)!),
            ),
      unknown,
    };
  });
  const [first] = settled;
  const world = settled.at(-1)?.world ?? first!.world;
  return {
    left: { world, holders: stages.holders, failing, mistaken: stages.mistaken },
    kept: after,
    predictions,
  };
}

/** How calls of one stream go in one world. */
interface Tried {
  /** Over each connection that was there before. */
  next: Course[];
  /** With a new one. */
  fresh: Course[];
  /** Over that one, once it is open. */
  later: Course[];
}

type TriedByStream = Map<string, Tried>;

interface Settled {
  world: World;
  tried: TriedByStream;
  /** What failed at first, until nodes had learned better, by stream. */
  early: Map<string, Place[]>;
}

/** Lets calls come until they teach nobody anything new. */
function settle(world: World, streams: StreamPlan[], kept: Map<string, Kept[]>): Settled {
  let now = world;
  const early = new Map(streams.map(({ name }): [string, Place[]] => [name, []]));
  for (let round = 1; ; round++) {
    const tried = tryAll(now, streams, kept);
    const runs = [...tried.values()].flatMap(coursesOf).map(({ run }) => run);
    const learned = together(now.learned, runs);
    if (round === MOST_ROUNDS || sameWays(now.learned, learned)) return { world: { ...now, learned }, tried, early };
    for (const stream of streams) early.get(stream.name)!.push(...failuresOf(stream, tried.get(stream.name)!));
    now = { ...now, learned };
  }
}

function tryAll(world: World, streams: StreamPlan[], kept: Map<string, Kept[]>): TriedByStream {
  const over = (stream: StreamPlan, all: Kept[]): Course[] => all.flatMap((one) => courses(world, stream, one));
  return new Map(
    streams.map((stream): [string, Tried] => {
      const fresh = courses(world, stream, null);
      const opened = isKept(stream) ? openedBy(fresh) : [];
      const next = over(stream, kept.get(stream.name) ?? []);
      return [stream.name, { next, fresh, later: over(stream, distinctKept(opened)) }];
    }),
  );
}

function openedBy(fresh: Course[]): Kept[] {
  return fresh.flatMap((one) => (works(one) && one.kept !== null ? [one.kept] : []));
}

function coursesOf({ next, fresh, later }: Tried): Course[] {
  return [...fresh, ...next, ...later];
}

/** How calls go: over connections that there are, and over new ones where there are none or some have ended. */
function answersOf(stream: StreamPlan, { next, fresh, later }: Tried): Prediction[] {
  if (!isKept(stream)) return predictions(fresh);
  const going = next.filter((one) => !isEnded(stream, one));
  if (next.length > 0 && going.length === next.length) return predictions(next);
  // Where a connection lasts for one call only, every other call opens one.
  const lastsOnce = later.some((one) => isEnded(stream, one));
  const opening = lastsOnce || !fresh.some(works) ? fresh : [];
  return predictions([...going, ...opening, ...later]);
}

/**
 * Failures that come once: of calls in flight, and of connections that are opened anew then, perhaps at the second try.
 */
function endsOf(stream: StreamPlan, { next, fresh }: Tried): Place[] {
  if (!isKept(stream)) return placesOf(predictions(next));
  const ended = next.filter((one) => isEnded(stream, one));
  const opensSome = next.length === 0 || ended.length > 0;
  return placesOf(predictions([...ended, ...(opensSome && fresh.some(works) ? fresh : [])]));
}

function works({ prediction }: Course): boolean {
  return prediction.outcome === 'works';
}

/** Whether a connection is opened anew after this. A socket of UDP stays, whatever an ICMP error says. */
function isEnded({ protocol }: StreamPlan, { isTurnedAway }: Course): boolean {
  return isTurnedAway && protocol !== 'udp';
}

function predictions(all: Course[]): Prediction[] {
  return all.map(({ prediction }) => prediction);
}

function failuresOf(stream: StreamPlan, tried: Tried): Place[] {
  return [...placesOf(answersOf(stream, tried)), ...endsOf(stream, tried)];
}

/** Connections when the step ends, those that wait for an answer among them. */
function keptAfter(stream: StreamPlan, { next, fresh, later }: Tried): Kept[] {
  if (!isKept(stream)) return openedBy(fresh);
  const going = (all: Course[]): Kept[] => all.flatMap((one) => (isEnded(stream, one) ? [] : [one.kept!]));
  const isWhole = next.length > 0 && !next.some((one) => isEnded(stream, one));
  return [...going(next), ...(isWhole ? [] : going(later))];
}

/** What becomes of connections that there were, or else of those that are opened in the step. */
function fateOf(tries: Tried[], passing: Tried[]): StreamPrediction['connections'] {
  const there = tries.flatMap(({ next }) => next);
  const followed = there.length > 0 ? there : tries.flatMap(({ later }) => later);
  if (followed.length === 0) return null;
  const going = followed.filter(works);
  // Who is turned away in between comes back with another connection.
  const endedEarlier = passing.flatMap(({ next }) => next.filter(({ isTurnedAway }) => isTurnedAway));
  const [why] = placesOf(predictions([...followed, ...endedEarlier]));
  const cause = why ?? null;
  if (going.length === 0) return { survive: 'none', cause };
  const isAll = going.length === followed.length && endedEarlier.length === 0;
  return isAll ? { survive: 'all', cause: null } : { survive: 'some', cause };
}

/** What the model cannot say of a stream in a step, and why. */
function unknownOf(
  plan: Plan,
  index: number,
  { stream, tries, stages }: { stream: StreamPlan; tries: Tried[]; stages: Stages },
): Unknown[] {
  const { actions } = plan.timeline!.steps[index]!;
  const [{ circumstances }] = stages.settled as [World];
  const called = 'service' in stream.to ? stream.to.service : null;
  const service = plan.services.find(({ name }) => name === called);
  const beyond = actions.flatMap((action): Unknown[] => {
    if (action.do === 'flap') return [{ code: 'action-unknown', params: { action: action.do } }];
    // Whether the kernel goes on translating when the rules are gone depends on what else does so in the node.
    const translates = action.do === 'stopLb' && stream.connection === 'kept' && service && !isDirect(service);
    return translates ? [{ code: 'action-unknown', params: { action: action.do } }] : [];
  });
  const idle = [
    circumstances.asleep.has(stream.from) ? 'pause' : null,
    circumstances.off.has(stream.from) ? 'kill' : null,
  ];
  const silent = idle.flatMap((action): Unknown[] =>
    action === null ? [] : [{ code: 'action-unknown', params: { action: action as 'pause' | 'kill' } }],
  );
  const held = [...circumstances.shared].flatMap(([address, nodes]): Unknown[] =>
    address === stream.address || service?.l4s.some(({ proxyIps }) => proxyIps.includes(address))
      ? [{ code: 'holder-unknown', params: { address, nodes } }]
      : [],
  );
  const isOpen = isKept(stream) && tries.some(({ next }) => next.some(({ open }) => open.size > 0));
  const picked: Unknown[] = isOpen && called !== null ? [{ code: 'pick-unknown', params: { service: called } }] : [];
  return [...beyond, ...silent, ...held, ...picked];
}

function distinct(predictions: Prediction[]): Prediction[] {
  return [...new Map(predictions.map((one) => [JSON.stringify(one), one])).values()];
}

function distinctKept(all: Kept[]): Kept[] {
  return [...new Map(all.map((one) => [keptText(one), one])).values()].slice(0, MOST_KEPT);
}
