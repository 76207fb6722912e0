import type { Place } from '../../terms/cause.ts';
import type { ActionPlan, StreamPlan } from '../../terms/plan.ts';
import type { Bound, PredictedOutage } from '../../terms/stream-prediction.ts';
import type { Prediction } from '../../terms/walk.ts';

/** A change that a step has started and that is not complete: a setting bounds it, or it ends with an action. */
export type Pending = { key: string } & ({ bound: Bound } | { until: ActionPlan['do'] });

/** Failures while some changes are pending. */
interface Failing {
  pending: Pending[];
  places: Place[];
}

/** TCP retransmits after 200 ms, and doubles the interval each time (RFC 6298). */
export const FIRST_REPETITION_MS = 200;

/**
 * Failures before a step has settled, and their maximum duration: until the last change is complete without which calls
 * fail, plus a call or two; TCP notices the end late.
 * @param settled results of calls then; null if unknown
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
  // With one source port, no call begins before the last failed one has timed out.
  const givenUp = stream.connection === 'new' && stream.sourcePort !== undefined ? stream.timeoutMs : 0;
  return {
    causes,
    atMostMs: until.length > 0 ? null : longest + late + givenUp + 2 * stream.everyMs,
    ...(until.length > 0 ? { until } : {}),
    bounds,
  };
}

/** Where and why calls with these predictions fail. */
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
