import type { Hop, Prediction } from '../terms/walk.ts';
import type { Attempt } from '../terms/results.ts';

/** Where prediction and observation part; null when some alternative of the prediction is what was seen. */
export function disagreement(attempt: Attempt, predicted: Prediction[]): { detail: string; hop: string | null } | null {
  const partings = predicted.map((prediction) => parting(attempt, prediction));
  if (predicted.length === 0 || partings.includes(null)) return null;
  const same = predicted.findIndex(({ picked }) => picked === attempt.picked);
  return partings[same] ?? partings[0] ?? null;
}

function parting(attempt: Attempt, prediction: Prediction): { detail: string; hop: string | null } | null {
  if (attempt.picked !== null && prediction.picked !== null && attempt.picked !== prediction.picked) {
    return { detail: `the L4 picked ${attempt.picked}; predicted was ${prediction.picked}`, hop: null };
  }
  const hop = firstDifference(attempt, prediction);
  if (attempt.outcome !== prediction.outcome) {
    return {
      detail: `the flow ${outcomeOf(attempt)}; predicted was that it ${outcomeOf(prediction)}`,
      hop,
    };
  }
  if (attempt.cause?.code !== prediction.cause?.code || attempt.cause?.node !== prediction.cause?.node) {
    return { detail: `it fails for ${named(attempt.cause)}; predicted was ${named(prediction.cause)}`, hop };
  }
  if (attempt.outcome === 'works' && attempt.servedBy !== prediction.servedBy) {
    return {
      detail: `served by ${attempt.servedBy ?? 'nobody'}; predicted was ${prediction.servedBy ?? 'nobody'}`,
      hop,
    };
  }
  if (attempt.outcome === 'works' && attempt.sourceSeen !== prediction.sourceSeen) {
    return {
      detail: `the server saw ${attempt.sourceSeen ?? 'nobody'}; predicted was ${prediction.sourceSeen ?? 'nobody'}`,
      hop,
    };
  }
  return hop === null ? null : { detail: 'the way of the packets is another one than predicted', hop };
}

function outcomeOf({ outcome, cause }: Pick<Prediction, 'outcome' | 'cause'>): string {
  return cause ? `${outcome} (${named(cause)})` : outcome;
}

function named(cause: { code: string; node: string } | null): string {
  return cause ? `${cause.code} at ${cause.node}` : 'nothing';
}

function firstDifference(attempt: Attempt, prediction: Prediction): string | null {
  return (
    legDifference('request', attempt.observed.request, onWires(prediction.request)) ??
    legDifference('reply', attempt.observed.reply, onWires(prediction.reply))
  );
}

/** What a node says to itself is not captured. */
function onWires(hops: Hop[]): Hop[] {
  return hops.filter(({ iface }) => iface !== 'lo');
}

function legDifference(leg: string, seen: Hop[], expected: Hop[]): string | null {
  for (let i = 0; i < Math.max(seen.length, expected.length); i++) {
    const [a, b] = [seen[i], expected[i]];
    if (a && b && step(a) === step(b)) continue;
    return `${leg}, hop ${i + 1}: seen ${a ? step(a) : 'nothing'}, predicted ${b ? step(b) : 'nothing'}`;
  }
  return null;
}

/** Ports are left out: a proxy may choose another source port. */
function step({ node, iface, direction, src, dst, ttl }: Hop): string {
  return `${node} ${direction} ${iface} ${src.ip} [${src.mac}] → ${dst.ip} [${dst.mac}] ttl ${ttl}`;
}
