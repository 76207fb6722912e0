import type { Disagreement } from '../terms/reason.ts';
import type { Place } from '../terms/cause.ts';
import type { StreamPrediction } from '../terms/stream-prediction.ts';
import type { StreamSummary } from '../terms/timeline-results.ts';
import type { Prediction, Walk } from '../terms/walk.ts';
import { disagreement } from './agreement.ts';
import type { JudgedCall, StepTime } from './judged-call.ts';
import { laterOnes } from './stream-verdict.ts';

/** A stream in a step, to be compared with its prediction. */
interface Compared {
  /** In the order in which they began, each with the number of the example that it is like. */
  calls: (JudgedCall & { like: number })[];
  time: StepTime;
  predicted: StreamPrediction;
  summary: StreamSummary;
}

/**
 * Where prediction and observation of a stream in a step differ: by what became of its connections, by why calls failed
 * once the step's actions were done, or by how calls went in the end. Null where they do not, or the model does not know.
 */
export function streamDisagreement(compared: Compared): Disagreement | null {
  return connectionsDiffer(compared) ?? failuresDiffer(compared) ?? settledDiffers(compared);
}

/**
 * A connection that waits since a step before waits on where the model has it survive: TCP doubles its waits (RFC 6298, 5.5),
 * and goes on long after the way is there again.
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

/** Of calls that are alike, one tells; one that began before the step had settled tells nothing. */
function settledDiffers({ calls, time, predicted }: Compared): Disagreement | null {
  const { settled, outage } = predicted;
  if (settled === null) return null;
  const places = [
    ...(outage?.causes ?? []),
    ...settled.flatMap(({ cause }) => cause ?? []).flatMap(expiring),
    ...settled.flatMap(askers),
  ];
  const lost = (call: JudgedCall): boolean => isAmong(call.attempt.cause, places);
  const later = laterOnes(calls.slice(calls.findLastIndex(lost) + 1), time);
  const kinds = new Map(later.map((call) => [call.like, call] as const));
  for (const { attempt } of kinds.values()) {
    const { observed } = attempt;
    const differs = disagreement({ ...attempt, observed: withoutErrors(observed) }, settled.map(withoutErrors));
    if (differs !== null) return differs;
  }
  return null;
}

/**
 * A way without the ICMP error that ends it: how many of them a kernel sends in a time is limited (ip_error, icmp_global_allow),
 * and which calls get one is a matter of chance. Calls of streams go over TCP or UDP, and have ports.
 */
function withoutErrors<T extends Walk>(walk: T): T {
  return { ...walk, reply: walk.reply.filter(({ src }) => src.port !== null) };
}

/** Why calls may fail, each place once: before all has settled, for good, or with their connection. */
function predictedFailures({ outage, settled, connections }: StreamPrediction): Place[] {
  const places = [
    ...(outage?.causes ?? []),
    ...(settled ?? []).flatMap(({ cause }) => (cause === null ? [] : [cause])),
    ...(connections?.cause ? [connections.cause] : []),
    ...(settled ?? []).flatMap(askers),
  ]
    .map(({ code, node }) => ({ code, node }))
    .flatMap((place) => [place, ...expiring(place)]);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

/**
 * A neighbour that confirms nothing any more is asked, and then given up (NUD, RFC 4861, 7.3.3; neigh_timer_handler). When,
 * depends on how long ago it was last used and confirmed, which no plan says.
 */
function expiring({ code, node }: Place): Place[] {
  return code === 'stale-neighbour' ? [{ code: 'no-neighbour', node }] : [];
}

/** The same of who sends to a neighbour whose link is down: it asks in the end, and any node on the way may be the one. */
function askers({ cause, request, reply }: Prediction): Place[] {
  if (cause?.detail.code !== 'peer-down') return [];
  const nodes = new Set([...request, ...reply].map(({ node }) => node));
  return [...nodes].map((node) => ({ code: 'no-neighbour', node }));
}

function isAmong(place: Place | null, places: Place[]): boolean {
  return places.some(({ code, node }) => code === place?.code && node === place.node);
}
