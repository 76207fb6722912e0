import type { Hop } from '../terms/walk.ts';
import { interfaceAddresses, nodeOf, proxyIpsOf, serviceOf } from '../scenario/lookup.ts';
import { interfaceOf, isAt, placeIn } from '../scenario/place.ts';
import type { Cause } from '../terms/cause.ts';
import { callsOf } from '../terms/by-name.ts';
import { alternativesOf } from '../terms/expectation.ts';
import { linkNameOf } from '../terms/link-name.ts';
import { DETOURS, type Finding, distinctFindings } from '../terms/finding.ts';
import type { Expectation, FlowPlan, PathExpectation, Plan, ServedBy, SingleExpectation } from '../terms/plan.ts';
import type { Leg, Reason, Reasons } from '../terms/reason.ts';
import type { FlowResult } from '../terms/results.ts';
import type { Attempt } from '../terms/attempt.ts';
import { segmentsOutOfWindow } from './evidence/segments-out-of-window.ts';
import { controlKey, controlsFor } from './controls.ts';
import { isWithin } from './range.ts';

/** What is known about a flow after all its attempts; the rest of a FlowResult follows from it. */
export type Seen = Pick<FlowResult, 'attempts' | 'controls' | 'disagreement'>;

/**
 * Compares the observation with the expectation.
 * An expected failure passes only if its request left the caller (unless the caller itself is the cause), every attempt failed
 * for the named cause at the place where its packets ended, and the controls work. If outcomes may vary, each attempt is
 * compared with each of them separately, and failing ones need the same proof.
 */
export function judgeFlow(
  flow: FlowPlan,
  plan: Plan,
  seen: Seen,
): Pick<FlowResult, 'verdict' | 'reasons' | 'outcome' | 'cause' | 'findings'> {
  const { attempts } = seen;
  const reasons = [
    ...(attempts.length === 0 ? [reason('never-tried', { flow: flow.name })] : []),
    ...segmentMissing(flow, plan, attempts),
    ...(flow.expect.outcome === 'varies'
      ? judgeVarying(flow, flow.expect, plan, seen)
      : [...judgeSingle(flow, flow.expect, plan, attempts), ...proofMissing(flow, flow.expect, seen)]),
    ...(seen.disagreement ? [reason('disagreement', { disagreement: seen.disagreement })] : []),
  ];
  const failed = attempts.find(({ outcome }) => outcome === 'fails');
  return {
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons: distinct(reasons),
    outcome: failed ? 'fails' : attempts.length > 0 ? 'works' : null,
    cause: failed?.cause ?? null,
    findings: distinctFindings(attempts.flatMap(({ findings }) => findings)),
  };
}

/** A flow with `outOfWindow` proves nothing without that segment. Packets inside one node are not captured. */
function segmentMissing(flow: FlowPlan, plan: Plan, attempts: Attempt[]): Reason[] {
  const { outOfWindow: sender } = flow;
  if (sender === undefined) return [];
  const isMissing = ({ outcome, packets }: Attempt): boolean =>
    outcome === 'works' && packets.length > 0 && segmentsOutOfWindow(plan, flow, packets).length === 0;
  return attempts.some(isMissing) ? [reason('segment-not-seen', { sender })] : [];
}

type Working = Extract<Expectation, { outcome: 'works' }>;
type Failing = Extract<Expectation, { outcome: 'fails' }>;
type Varying = Extract<Expectation, { outcome: 'varies' }>;

function judgeVarying(flow: FlowPlan, expect: Varying, plan: Plan, { attempts, controls }: Seen): Reason[] {
  const alternatives = alternativesOf(expect).map((alternative, index) => {
    const own = new Set(controlsFor(alternative, plan, flow).map(controlKey));
    return {
      alternative,
      number: index + 1,
      matching: attempts.filter((attempt) => judgeSingle(flow, alternative, plan, [attempt]).length === 0),
      controls: controls.filter((control) => own.has(controlKey(control))),
    };
  });
  const unmatched = attempts.filter((attempt) => !alternatives.some(({ matching }) => matching.includes(attempt)));
  const unproven = alternatives.flatMap(({ alternative, matching, controls: own }) =>
    matching.length === 0 ? [] : proofMissing(flow, alternative, { attempts: matching, controls: own }),
  );
  const unseen = 'eachOf' in expect ? alternatives.filter(({ matching }) => matching.length === 0) : [];
  return [
    ...unmatched.flatMap((attempt) => [
      reason('no-alternative', { outcome: attempt.outcome, servedBy: attempt.servedBy, cause: attempt.cause }),
      ...nearest(alternatives.map(({ alternative }) => judgeSingle(flow, alternative, plan, [attempt]))),
    ]),
    ...unseen.map(({ number, alternative }) =>
      reason('alternative-unseen', {
        number,
        of: alternatives.length,
        outcome: alternative.outcome,
        cause: alternative.outcome === 'fails' ? alternative.cause : null,
        attempts: attempts.length,
      }),
    ),
    ...unproven,
    ...judgeLost(expect, attempts),
  ];
}

/** Number of attempts without a reply. */
function judgeLost({ lost: expected }: Varying, attempts: Attempt[]): Reason[] {
  const lost = attempts.filter(({ outcome }) => outcome === 'fails').length;
  if (expected === undefined || isWithin(lost, expected)) return [];
  return [reason('wrong-lost', { lost, expected, attempts: attempts.length })];
}

/** An attempt with an undeclared outcome is reported as such; one with a declared outcome, with what differs from it. */
function nearest(misses: Reason[][]): Reason[] {
  const ofOtherKind: Reason['code'][] = ['expected-to-work', 'expected-to-fail', 'other-cause'];
  const near = misses.filter((reasons) => !reasons.some(({ code }) => ofOtherKind.includes(code)));
  return near.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

function judgeSingle(flow: FlowPlan, expect: SingleExpectation, plan: Plan, attempts: Attempt[]): Reason[] {
  return [
    ...(expect.outcome === 'works' ? judgeWorking(flow, expect, plan, attempts) : judgeFailing(expect, plan, attempts)),
    ...judgePaths(expect, attempts),
  ];
}

function judgeWorking(flow: FlowPlan, expect: Working, plan: Plan, attempts: Attempt[]): Reason[] {
  const failed = attempts.filter(({ outcome }) => outcome === 'fails');
  if (failed.length > 0) {
    const { cause } = failed[0]!;
    return [reason('expected-to-work', { failed: failed.length, attempts: attempts.length, cause })];
  }
  return [
    ...judgeServers(flow, expect, attempts),
    ...judgeSource(flow, expect, plan, attempts),
    ...judgeFindings(expect, attempts),
  ];
}

function judgeServers(flow: FlowPlan, expect: Working, attempts: Attempt[]): Reason[] {
  if (!expect.servedBy) return [];
  const servedBy = callerNamed(flow.from, expect.servedBy);
  const served = new Set(attempts.map((attempt) => attempt.servedBy));
  const allowed = serversIn(servedBy);
  const strangers = [...served].filter((name) => name === null || !allowed.includes(name));
  const missing = 'eachOf' in servedBy ? allowed.filter((name) => !served.has(name)) : [];
  const times = (name: string): number => attempts.filter((attempt) => attempt.servedBy === name).length;
  const miscounted = [
    ...('counts' in servedBy ? Object.entries(servedBy.counts).filter(([name, n]) => times(name) !== n) : []),
    ...('shares' in servedBy
      ? Object.entries(servedBy.shares).filter(
          ([name, share]) => !isWithin((100 * times(name)) / attempts.length, share),
        )
      : []),
  ];
  return [
    ...strangers.map((server) => reason('wrong-server', { server, allowed })),
    ...missing.map((server) => reason('server-unused', { server, attempts: attempts.length })),
    ...miscounted.map(([server, expected]) =>
      reason('wrong-share', { server, served: times(server), expected, attempts: attempts.length }),
    ),
    ...('sameOf' in servedBy && served.size > 1 ? [reason('servers-vary', { servers: [...served] })] : []),
  ];
}

/** The same with the caller's name instead of `self`. */
function callerNamed(caller: string, servedBy: ServedBy): ServedBy {
  const named = (name: string): string => (name === 'self' ? caller : name);
  if ('one' in servedBy) return { one: named(servedBy.one) };
  if ('eachOf' in servedBy) return { eachOf: servedBy.eachOf.map(named) };
  if ('only' in servedBy) return { only: servedBy.only.map(named) };
  if ('sameOf' in servedBy) return { sameOf: servedBy.sameOf.map(named) };
  const ofNamed = <T>(by: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(by).map(([name, value]) => [named(name), value]));
  return 'counts' in servedBy ? { counts: ofNamed(servedBy.counts) } : { shares: ofNamed(servedBy.shares) };
}

function serversIn(servedBy: ServedBy): string[] {
  if ('one' in servedBy) return [servedBy.one];
  if ('counts' in servedBy) return Object.keys(servedBy.counts);
  if ('shares' in servedBy) return Object.keys(servedBy.shares);
  if ('eachOf' in servedBy) return servedBy.eachOf;
  return 'only' in servedBy ? servedBy.only : servedBy.sameOf;
}

function judgeSource(flow: FlowPlan, { sourceSeen }: Working, plan: Plan, attempts: Attempt[]): Reason[] {
  if (sourceSeen === undefined) return [];
  const allowed = sourceAddresses(sourceSeen, flow, plan);
  const wrong = new Set(
    attempts.map((attempt) => attempt.sourceSeen).filter((address) => address === null || !allowed.includes(address)),
  );
  return [...wrong].map((seen) => reason('wrong-source', { seen, expected: sourceSeen, allowed }));
}

function sourceAddresses(sourceSeen: string, flow: FlowPlan, plan: Plan): string[] {
  const calls = callsOf(flow);
  const services = calls.flatMap((call) => serviceOf(plan, call) ?? []);
  if (sourceSeen === 'client') return calls.map(({ source }) => source);
  if (sourceSeen === 'proxy-ip') return services.flatMap(proxyIpsOf);
  if (sourceSeen === 'l4')
    return services.flatMap(({ l4s }) => l4s.flatMap(({ node }) => interfaceAddresses(nodeOf(plan, node))));
  return [sourceSeen];
}

const isDetour = ({ code }: Finding): boolean => DETOURS.some((one) => one === code);

function judgeFindings({ findings = [] }: Working, attempts: Attempt[]): Reason[] {
  const found = attempts.flatMap((attempt) => attempt.findings);
  const unexpected = found.filter((finding) => isDetour(finding) && !findings.includes(finding.code));
  const absent = findings.filter((code) => !found.some((finding) => finding.code === code));
  return [
    ...unexpected.map((finding) => reason('unexpected-finding', { finding })),
    ...absent.map((code) => reason('finding-missing', { finding: code })),
  ];
}

function judgeFailing(expect: Failing, plan: Plan, attempts: Attempt[]): Reason[] {
  const worked = attempts.filter(({ outcome }) => outcome === 'works');
  if (worked.length > 0)
    return [reason('expected-to-fail', { cause: expect.cause, worked: worked.length, attempts: attempts.length })];
  const others = attempts.filter(({ cause }) => cause?.code !== expect.cause || cause.code === 'unexplained');
  return [
    ...others.map(({ cause }) => reason('other-cause', { expected: expect.cause, cause })),
    ...attempts.flatMap(({ cause }) => judgePlace(expect.at, plan, cause)),
  ];
}

/** Whether something failed at the expected node or interface. */
export function judgePlace(expected: string | undefined, plan: Plan, cause: Cause | null): Reason[] {
  if (expected === undefined || isAt(plan, cause, expected)) return [];
  const iface = placeIn(expected).iface === null ? {} : { iface: cause && interfaceOf(plan, cause) };
  return [reason('other-place', { expected, node: cause?.node ?? null, ...iface })];
}

/** A failure proves something only if the request left the caller, and the parts that it needs are running. */
function proofMissing(
  flow: FlowPlan,
  expect: SingleExpectation,
  { attempts, controls }: Pick<Seen, 'attempts' | 'controls'>,
): Reason[] {
  if (expect.outcome === 'works' || attempts.some(({ outcome }) => outcome === 'works')) return [];
  return [
    ...(attempts.every((attempt) => leftCaller(flow, attempt))
      ? []
      : [reason('request-not-seen', { caller: flow.from })]),
    ...controls.filter(({ works }) => !works).map((control) => reason('control-failed', { control })),
  ];
}

/**
 * Whether the request left, or could not for a known reason: causes at the caller itself (no route, no neighbour, too
 * big to send, called itself, own load balancer without a server) appear before it leaves, and so does the reset of a
 * kept connection. After a question without an address in its answer nothing else leaves.
 */
export function leftCaller(flow: FlowPlan, { cause, observed }: Attempt): boolean {
  const { request, reply, question } = observed;
  return (
    request.length > 0 ||
    reply.length > 0 ||
    (question?.addresses.length === 0 && question.request.length > 0) ||
    (cause?.node === flow.from &&
      ['no-route', 'no-neighbour', 'refused', 'too-big', 'no-server-available'].includes(cause.code)) ||
    (cause?.code === 'vlan-mismatch' && 'asker' in cause.detail.params && cause.detail.params.asker === flow.from)
  );
}

function judgePaths(expect: SingleExpectation, attempts: Attempt[]): Reason[] {
  return (['request', 'reply'] as const).flatMap((leg) => {
    const paths = attempts.map(({ observed }) => observed[leg]);
    return [...paths.flatMap((hops) => judgePath(leg, expect[leg], hops)), ...judgeTtl(leg, expect[leg], paths)];
  });
}

/** Every packet that arrives at the node must have this TTL, and that of at least one attempt must arrive there. */
function judgeTtl(leg: Leg, { ttlAt = {} }: PathExpectation = {}, paths: Hop[][]): Reason[] {
  return Object.entries(ttlAt).flatMap(([node, expected]) => {
    const came = paths.flatMap((hops) => hops.find((hop) => hop.node === node && hop.direction === 'in') ?? []);
    const seen = came.length === 0 ? [null] : came.map(({ ttl }) => ttl).filter((ttl) => ttl !== expected);
    return seen.map((ttl) => reason('wrong-ttl', { leg, node, seen: ttl, expected }));
  });
}

function judgePath(leg: Leg, expected: PathExpectation | undefined, hops: Hop[]): Reason[] {
  // A trunk's name includes all its VLANs.
  const touched = new Set(
    hops.flatMap(({ node, iface }) => [node, `${node}.${iface}`, `${node}.${linkNameOf(iface)}`]),
  );
  const crossed = new Set(
    hops
      .filter(
        ({ node, direction }) => direction === 'in' && hops.some((hop) => hop.node === node && hop.direction === 'out'),
      )
      .map(({ node }) => node),
  );
  return [
    ...(expected?.crosses ?? [])
      .filter((node) => !(placeIn(node).iface === null ? crossed : touched).has(node))
      .map((node) => reason('not-crossed', { leg, node })),
    ...(expected?.avoids ?? []).filter((node) => touched.has(node)).map((node) => reason('not-avoided', { leg, node })),
  ];
}

/** A reason with its subject. */
export function reason<C extends keyof Reasons>(code: C, params: Reasons[C]): Reason {
  return { code, params } as Reason;
}

/** Many attempts may give the same reason. */
function distinct(reasons: Reason[]): Reason[] {
  return [...new Map(reasons.map((one) => [JSON.stringify(one), one])).values()];
}
