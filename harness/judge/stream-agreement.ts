import type { Disagreement } from '../terms/reason.ts';
import type { Place } from '../terms/cause.ts';
import type { StreamPrediction } from '../terms/stream-prediction.ts';
import type { StreamSummary } from '../terms/timeline-results.ts';
import type { Prediction, Walk } from '../terms/walk.ts';
import { disagreement } from './agreement.ts';
import type { JudgedCall, StepTime } from './judged-call.ts';
import { laterHalf } from './stream-verdict.ts';

/** A stream in a step, to be compared with its prediction. */
interface Compared {
  /** In order of their start, each with the index of its example. */
  calls: (JudgedCall & { like: number })[];
  time: StepTime;
  predicted: StreamPrediction;
  summary: StreamSummary;
}

/**
 * Where prediction and observation of a stream in a step differ: in the fate of its connections, in why calls failed
 * after the step's actions, or in how calls went in the end. Null if they agree, or the model does not know.
 */
export function streamDisagreement(compared: Compared): Disagreement | null {
  return connectionsDiffer(compared) ?? failuresDiffer(compared) ?? settledDiffers(compared);
}

/**
 * A connection that has waited since an earlier step keeps waiting even if the model lets it survive: TCP doubles its
 * timeout (RFC 6298, 5.5), and may wait long after the path is restored.
 */
function connectionsDiffer({ calls, time, predicted, summary }: Compared): Disagreement | null {
  if (predicted.connections === null || summary.connections === undefined) return null;
  const { survive } = predicted.connections;
  const { survived, reset, stalled } = summary.connections;
  const of = survived + reset + stalled;
  const waiting = calls.filter(({ beginMs, attempt }) => beginMs < time.beginMs && attempt.outcome === 'fails').length;
  const differs = (survive === 'all' && (reset > 0 || stalled > waiting)) || (survive === 'none' && survived > 0);
  return differs ? { code: 'connections-differ', params: { survived, of, predicted: survive } } : null;
}

function failuresDiffer({ calls, time, predicted }: Compared): Disagreement | null {
  if (predicted.unknown.length > 0) return null;
  const expected = predictedFailures(predicted);
  const others = new Map<string, { calls: number; seen: Place | null }>();
  for (const { attempt, beginMs } of calls) {
    if (attempt.outcome === 'works' || beginMs < time.actedMs || isAmong(attempt.cause, expected)) continue;
    const seen = attempt.cause && { code: attempt.cause.code, node: attempt.cause.node };
    const key = JSON.stringify(seen);
    others.set(key, { seen, calls: (others.get(key)?.calls ?? 0) + 1 });
  }
  const [most] = [...others.values()].sort((a, b) => b.calls - a.calls);
  return most === undefined ? null : { code: 'failures-differ', params: { ...most, predicted: expected } };
}

/** One call of each kind is enough; calls from before the step settled prove nothing. */
function settledDiffers({ calls, time, predicted }: Compared): Disagreement | null {
  const { settled, outage } = predicted;
  if (settled === null) return null;
  const places = [
    ...(outage?.causes ?? []),
    ...settled.flatMap(({ cause }) => cause ?? []).flatMap(expiring),
    ...settled.flatMap(possibleAskers),
  ];
  const lost = (call: JudgedCall): boolean => isAmong(call.attempt.cause, places);
  const later = laterHalf(calls.slice(calls.findLastIndex(lost) + 1), time);
  const kinds = new Map(later.map((call) => [call.like, call] as const));
  for (const { attempt } of kinds.values()) {
    const { observed } = attempt;
    const differs = disagreement({ ...attempt, observed: withoutErrors(observed) }, settled.map(withoutErrors));
    if (differs !== null) return differs;
  }
  return null;
}

/**
 * A path without its final ICMP error: kernels limit the rate of these errors (ip_error, icmp_global_allow), so it is
 * random which calls get one. Calls of streams use TCP or UDP, and have ports.
 */
function withoutErrors<T extends Walk>(walk: T): T {
  return { ...walk, reply: walk.reply.filter(({ src }) => src.port !== null) };
}

/**
 * Predicted places of failures, without duplicates: before the step settles, permanently, or with their connection.
 */
function predictedFailures({ outage, settled, connections }: StreamPrediction): Place[] {
  const places = [
    ...(outage?.causes ?? []),
    ...(settled ?? []).flatMap(({ cause }) => (cause === null ? [] : [cause])),
    ...(connections?.cause ? [connections.cause] : []),
    ...(settled ?? []).flatMap(possibleAskers),
  ]
    .map(({ code, node }) => ({ code, node }))
    .flatMap((place) => [place, ...expiring(place)]);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

/**
 * A neighbour that no longer confirms is probed, then dropped (NUD, RFC 4861, 7.3.3; neigh_timer_handler). When this
 * happens depends on when it was last used and confirmed, which is in no plan.
 */
function expiring({ code, node }: Place): Place[] {
  return code === 'stale-neighbour' ? [{ code: 'no-neighbour', node }] : [];
}

/**
 * The same for nodes that send to a neighbour whose link is down: they probe it eventually, and it may be any node on
 * the path.
 */
function possibleAskers({ cause, request, reply }: Prediction): Place[] {
  if (cause?.detail.code !== 'peer-down') return [];
  const nodes = new Set([...request, ...reply].map(({ node }) => node));
  return [...nodes].map((node) => ({ code: 'no-neighbour', node }));
}

function isAmong(place: Place | null, places: Place[]): boolean {
  return places.some(({ code, node }) => code === place?.code && node === place.node);
}
