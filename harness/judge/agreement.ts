import type { Disagreement, HopDifference, Leg, Step } from '../terms/reason.ts';
import type { Place } from '../terms/cause.ts';
import type { Attempt } from '../terms/attempt.ts';
import type { Hop, Prediction, Question } from '../terms/walk.ts';

/** Where prediction and observation differ; null if an alternative of the prediction matches. */
export function disagreement(attempt: Attempt, predicted: Prediction[]): Disagreement | null {
  const differences = predicted.map((prediction) => difference(attempt, prediction));
  if (predicted.length === 0 || differences.includes(null)) return null;
  const isAlike = ({ l4, question }: Prediction): boolean =>
    l4 === attempt.l4 && calledBy(question) === calledBy(attempt.observed.question);
  const byL4 = predicted.findIndex(isAlike);
  const same = predicted.findIndex((one) => isAlike(one) && one.picked === attempt.picked);
  return differences[same] ?? differences[byL4] ?? differences[0] ?? null;
}

/** The address that the caller got for a name; null if none. */
function calledBy(question: Question | undefined): string | null {
  return question?.addresses[0] ?? null;
}

function difference(attempt: Attempt, prediction: Prediction): Disagreement | null {
  const { picked, servedBy, sourceSeen } = prediction;
  const [seenAddress, predictedAddress] = [calledBy(attempt.observed.question), calledBy(prediction.question)];
  // If no answer arrived in one of them, outcome and cause show the difference.
  if (seenAddress !== null && predictedAddress !== null && seenAddress !== predictedAddress)
    return { code: 'answer-differs', params: { seen: seenAddress, predicted: predictedAddress, hop: null } };
  if (attempt.l4 !== null && prediction.l4 !== null && attempt.l4 !== prediction.l4)
    return { code: 'l4-differs', params: { seen: attempt.l4, predicted: prediction.l4, hop: null } };
  if (attempt.picked !== null && picked !== null && attempt.picked !== picked)
    return { code: 'picked-differs', params: { seen: attempt.picked, predicted: picked, hop: null } };
  const hop = firstDifference(attempt, prediction);
  if (attempt.outcome !== prediction.outcome)
    return { code: 'outcome-differs', params: { seen: outcomeOf(attempt), predicted: outcomeOf(prediction), hop } };
  const [seenAt, predictedAt] = [placeOf(attempt), placeOf(prediction)];
  if (seenAt?.code !== predictedAt?.code || seenAt?.node !== predictedAt?.node)
    return { code: 'cause-differs', params: { seen: seenAt, predicted: predictedAt, hop } };
  if (attempt.outcome === 'works' && attempt.servedBy !== servedBy)
    return { code: 'server-differs', params: { seen: attempt.servedBy, predicted: servedBy, hop } };
  if (attempt.outcome === 'works' && attempt.sourceSeen !== sourceSeen)
    return { code: 'source-differs', params: { seen: attempt.sourceSeen, predicted: sourceSeen, hop } };
  return hop === null ? null : { code: 'path-differs', params: { hop } };
}

type Outcome = Pick<Prediction, 'outcome' | 'cause'>;

function outcomeOf({ outcome, cause }: Outcome): Pick<Outcome, 'outcome'> & { cause: Place | null } {
  return { outcome, cause: placeOf({ cause }) };
}

function placeOf({ cause }: Pick<Outcome, 'cause'>): Place | null {
  return cause && { code: cause.code, node: cause.node };
}

function firstDifference({ observed }: Attempt, prediction: Prediction): HopDifference | null {
  return (
    legDifference('question', observed.question?.request ?? [], onWires(prediction.question?.request ?? [])) ??
    legDifference('answer', observed.question?.reply ?? [], onWires(prediction.question?.reply ?? [])) ??
    legDifference('request', observed.request, onWires(prediction.request)) ??
    (dropsSilently(observed, prediction) ? null : legDifference('reply', observed.reply, onWires(prediction.reply)))
  );
}

/**
 * A kernel whose IPsec modules handle IP-in-IP packets reports no missing end of a tunnel (xfrm_tunnel_rcv of
 * net/ipv4/xfrm4_tunnel.c); other kernels send an ICMP error.
 */
function dropsSilently({ reply }: Attempt['observed'], { cause }: Prediction): boolean {
  return cause?.code === 'no-tunnel-end' && reply.length === 0;
}

/** Packets inside one node are not captured. */
function onWires(hops: Hop[]): Hop[] {
  return hops.filter(({ iface }) => iface !== 'lo');
}

function legDifference(leg: Leg, seen: Hop[], expected: Hop[]): HopDifference | null {
  const length = Math.max(seen.length, expected.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [stepOf(seen[i]), stepOf(expected[i])];
    if (keyOf(a) !== keyOf(b)) return { leg, number: i + 1, seen: a, predicted: b };
  }
  return null;
}

function stepOf(hop: Hop | undefined): Step | null {
  if (hop === undefined) return null;
  const { node, iface, direction, src, dst, ttl, inside, mss } = hop;
  return {
    node,
    iface,
    direction,
    src,
    dst,
    ttl,
    ...(inside === undefined ? {} : { inside }),
    ...(mss === undefined ? {} : { mss }),
  };
}

/** Without ports: a proxy may choose another source port. */
function keyOf(step: Step | null): string {
  if (step === null) return '';
  const { node, iface, direction, src, dst, ttl, inside, mss } = step;
  return JSON.stringify([node, iface, direction, src.ip, src.mac, dst.ip, dst.mac, ttl, mss, inside]);
}
