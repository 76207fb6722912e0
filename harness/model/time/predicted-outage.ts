import type { Place } from '../../terms/cause.ts';
import type { ActionPlan, StreamPlan } from '../../terms/plan.ts';
import type { Bound, PredictedOutage } from '../../terms/stream-prediction.ts';
import type { Prediction } from '../../terms/walk.ts';

/** Something that a step has set going and that is not over yet: a setting bounds it, or it ends when an action does. */
export type Pending = { key: string } & ({ bound: Bound } | { until: ActionPlan['do'] });

/** What fails while some things are still to come. */
interface Failing {
  pending: Pending[];
  places: Place[];
}

/** TCP sends again after a fifth of a second, and waits twice as long each time (RFC 6298). */
export const FIRST_REPETITION_MS = 200;

/**
 * Failures before a step has settled, and how long there may be some: until the last of those things is done without which
 * calls fail, and for a call or two more; TCP notices late that it is over.
 * @param settled what calls do then; null where that is not known
 */
export function outageOf(stream: StreamPlan, settled: Prediction[] | null, stages: Failing[]): PredictedOutage | null {
  const steady = new Set(placesOf(settled ?? []).map(text));
  const failing = stages
    .map(({ pending, places }) => ({ pending, places: places.filter((place) => !steady.has(text(place))) }))
    .filter(({ places }) => places.length > 0);
  if (failing.length === 0) return null;
  const causes = distinct(failing.flatMap(({ places }) => places));
  const waiting = failing.filter(({ pending }) => pending.length > 0);
  const decisive = waiting.filter((one) => !waiting.some((other) => isLess(other.pending, one.pending)));
  const awaited = [...new Map(decisive.flatMap(({ pending }) => pending.map((one) => [one.key, one]))).values()];
  const bounds = awaited.flatMap((one) => ('bound' in one ? [one.bound] : []));
  const until = awaited.flatMap((one) => ('until' in one ? [one.until] : []));
  const longest = Math.max(0, ...bounds.map(({ params: { ms } }) => ms));
  const late = stream.connection === 'kept' && stream.protocol !== 'udp' ? longest + FIRST_REPETITION_MS : 0;
  // From one source port no call begins before the last one that fails has been given up.
  const givenUp = stream.connection === 'new' && stream.sourcePort !== undefined ? stream.timeoutMs : 0;
  return {
    causes,
    atMostMs: until.length > 0 ? null : longest + late + givenUp + 2 * stream.everyMs,
    ...(until.length > 0 ? { until } : {}),
    bounds,
  };
}

/** Where and why calls fail that go one of these ways. */
export function placesOf(predictions: Prediction[]): Place[] {
  return distinct(predictions.flatMap(({ cause }) => (cause === null ? [] : [{ code: cause.code, node: cause.node }])));
}

function distinct(places: Place[]): Place[] {
  return [...new Map(places.map((place) => [text(place), place])).values()];
}

function isLess(some: Pending[], all: Pending[]): boolean {
  return some.length < all.length && some.every(({ key }) => all.some((other) => other.key === key));
}

function text({ code, node }: Place): string {
  return `${code} ${node}`;
}
