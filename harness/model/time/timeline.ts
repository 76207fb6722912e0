import { planAt } from '../../scenario/plan-at.ts';
import type { Plan, StepPlan, StreamPlan } from '../../terms/plan.ts';
import type { Place } from '../../terms/cause.ts';
import type { PredictedOutage, StreamPrediction } from '../../terms/stream-prediction.ts';
import type { Prediction } from '../../terms/walk.ts';
import { allUncertain, withoutRandomEntries, type UncertainNeighbours } from './uncertain-neighbours.ts';
import { initialStates } from '../health.ts';
import { afterActions, synced, type Kept } from './kept-connection.ts';
import { samePaths, afterRuns, withoutFailures } from '../learned.ts';
import { networkOf } from '../simulation/network.ts';
import { holdersAt, withHolders } from '../simulation/pair-holders.ts';
import { FIRST_REPETITION_MS, outageOf, placesOf } from './predicted-outage.ts';
import { stagesOf } from './stages.ts';
import { circumstancesAt, type Left } from './step.ts';
import {
  answersOf,
  coursesOf,
  endsOf,
  failuresOf,
  fateOf,
  keptAfter,
  stillWaiting,
  coursesInWorld,
  works,
  type StreamsInStep,
  type StreamCourses,
} from './stream-courses.ts';
import { leavesTheEndOpen, unknownOf } from './unknowns.ts';
import { isKept, viewsOf, type World } from './world.ts';

/** Number of rounds of calls that may change the nodes before the state counts as steady. */
const MAX_ROUNDS = 3;

/** Predictions by step and stream, each from the state after the previous steps. */
export function predictTimeline(plan: Plan): StreamPrediction[][] {
  let left = beforeFirst(plan);
  let kept = new Map<string, Kept[]>();
  return (plan.timeline?.steps ?? []).map((_, index) => {
    const next = takeStep(plan, index, { left, kept });
    ({ left, kept } = next);
    return next.predictions;
  });
}

/** The same for streams with an expectation in a step, by cell name: `STEP.STREAM`. */
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
  return {
    world: { ...world, views: viewsOf(world, new Set()) },
    holders,
    failing: new Map(),
    wrongFor: new Map(),
    doubts: new Map(),
  };
}

interface Before {
  left: Left;
  /** Different connections of streams, kept or of calls in flight, by stream. */
  kept: Map<string, Kept[]>;
}

function takeStep(
  plan: Plan,
  index: number,
  { left, kept: before }: Before,
): Before & { predictions: StreamPrediction[] } {
  const { streams, steps } = plan.timeline!;
  const step = steps[index]!;
  const { actions } = step;
  const stages = stagesOf(plan, index, left);
  const groups = stages.holders.flatMap(({ pair, groups: all }) =>
    plan.pairs!.some(({ name, sync }) => name === pair && sync === 'conntrackd') ? all : [],
  );
  // The connection of a call in flight may not be synchronised yet.
  const withSync = (stream: StreamPlan, one: Kept): Kept => (isKept(stream) ? synced(one, groups) : one);
  const kept = new Map(
    streams.map((stream) => [
      stream.name,
      (before.get(stream.name) ?? []).map((one) => withSync(stream, afterActions(one, actions))),
    ]),
  );
  // Without actions, no reply is in flight to another node.
  const tried = { streams, kept, moves: actions.length > 0 };
  const settled = stages.settled.map((world) => settle(world, tried));
  const passing = stages.passing.map(({ world, pending }) => ({ pending, tried: coursesInWorld(world, tried) }));
  const doubts = allUncertain(stages.doubts, ...settled.map((one) => one.doubts));
  const after = new Map<string, Kept[]>();
  const failing = new Map<string, Place[]>();
  const predictions = streams.map((stream): StreamPrediction => {
    const { name } = stream;
    const tries = settled.map(({ tried }) => tried.get(name)!);
    const unknown = unknownOf(plan, index, { stream, tries, stages, before: left.holders, doubts });
    const isBeyond = leavesTheEndOpen(unknown, step, stages.holders);
    const isAfterOpen = isBeyond || unknown.some(({ code }) => code === 'master-unknown');
    const late = tries.flatMap((tried) => stillWaiting(step, tried));
    const answers = distinct([...tries.flatMap((tried) => answersOf(stream, tried)), ...late]);
    const before = passing.map(({ tried }) => tried.get(name)!);
    const outage = outageOf(stream, isBeyond ? null : answers, [
      ...passing.map(({ pending, tried }) => ({ pending, places: failuresOf(stream, tried.get(name)!) })),
      { pending: stages.first, places: left.failing.get(name) ?? [] },
      { pending: [], places: settled.flatMap(({ early }) => early.get(name)!) },
      { pending: [], places: tries.flatMap((tried) => endsOf(stream, tried)) },
    ]);
    const stall = outlasting(step, outage, before);
    failing.set(name, placesOf(answers));
    after.set(
      name,
      tries.flatMap((tried) => keptAfter(stream, step, tried, stall)).map((one) => withSync(stream, one)),
    );
    return {
      settled: isBeyond ? null : answers,
      outage,
      connections:
        isAfterOpen || stream.connection === 'new'
          ? null
          : endangered(fateOf(tries, before, [...late, ...(stall ? [stall.prediction] : [])]), outage, unknown),
      unknown,
    };
  });
  const [first] = settled;
  const world = settled.at(-1)?.world ?? first!.world;
  return {
    left: { world, holders: stages.holders, failing, wrongFor: stages.wrongFor, doubts },
    kept: after,
    predictions,
  };
}

/**
 * Causes for which connections may still wait when a step ends, although nothing fails any more: TCP only notices at its next
 * retransmission, which may come as long after the outage as the outage lasted.
 */
function outlasting(
  { forMs, until }: StepPlan,
  outage: PredictedOutage | null,
  before: StreamCourses[],
): NonNullable<Kept['waiting']> | null {
  const ms = Math.max(0, ...(outage?.bounds ?? []).map((bound) => bound.params.ms));
  const [stall] = before.flatMap(({ next }) => next.filter((one) => !works(one) && !one.isRefused));
  const isOver = forMs >= ms + FIRST_REPETITION_MS + (until === undefined ? ms : 0);
  return ms === 0 || isOver || stall === undefined ? null : { forMs: ms, prediction: stall.prediction };
}

interface Settled {
  world: World;
  tried: Map<string, StreamCourses>;
  /** Failures at first, before nodes have learned, by stream. */
  early: Map<string, Place[]>;
  /** State of nodes that random choices have decided. */
  doubts: UncertainNeighbours;
}

/** Repeats calls until they no longer change any node. */
function settle(world: World, all: StreamsInStep): Settled {
  const { streams } = all;
  let now = world;
  const early = new Map(streams.map(({ name }): [string, Place[]] => [name, []]));
  for (let round = 1; ; round++) {
    const tried = coursesInWorld(now, all);
    const runs = [...tried.values()].flatMap(coursesOf).map(({ run }) => run);
    const { learned, doubts } = withoutRandomEntries(afterRuns(now.learned, runs), now.circumstances.shared);
    if (round === MAX_ROUNDS || samePaths(now.learned, learned))
      return { world: { ...now, learned }, tried, early, doubts };
    for (const stream of streams) early.get(stream.name)!.push(...failuresOf(stream, tried.get(stream.name)!));
    now = { ...now, learned };
  }
}

/**
 * If two nodes have an address, a reply may reach the other one while neighbours change: some connections may not
 * survive.
 */
function endangered(
  fate: StreamPrediction['connections'],
  outage: PredictedOutage | null,
  unknown: StreamPrediction['unknown'],
): StreamPrediction['connections'] {
  const [cause] = outage?.causes ?? [];
  const isShared = unknown.some(({ code }) => code === 'holder-unknown');
  return fate?.survive === 'all' && isShared && cause ? { survive: 'some', cause } : fate;
}

function distinct(predictions: Prediction[]): Prediction[] {
  return [...new Map(predictions.map((one) => [JSON.stringify(one), one])).values()];
}
