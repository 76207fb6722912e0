import type { Cause } from '../terms/cause.ts';
import type { FindingCode } from '../terms/finding.ts';
import type {
  Expectation,
  FlowPlan,
  Plan,
  SingleExpectation,
  ConnectionsExpectation,
  OutageExpectation,
  StreamExpectation,
  StreamPlan,
} from '../terms/plan.ts';
import type { Reason } from '../terms/reason.ts';
import type { StreamSummary } from '../terms/timeline-results.ts';
import { works, type JudgedCall, type StepTime } from './judged-call.ts';
import { endsOfConnections } from './kept-connections.ts';
import { outagesAmong, type FoundOutage } from './outages.ts';
import { isWithin } from './range.ts';
import { isAt } from '../scenario/place.ts';
import { judgeFlow, judgePlace, leftCaller, reason } from './verdict.ts';

/** Observation of a stream in a step, for comparison with its expectation. */
export interface ObservedStream {
  /** Active plan. */
  plan: Plan;
  flow: FlowPlan;
  stream: StreamPlan;
  /** Name of the step. */
  step: string;
  /** In order of their start. */
  calls: JudgedCall[];
  time: StepTime;
  /** See `outagesAmong`. */
  calm: number;
  summary: StreamSummary;
  /** Findings of the whole step: which call has one may be random, for example who resolves an address that two nodes have. */
  findings: ReadonlySet<FindingCode>;
}

type Interrupted = Extract<StreamExpectation, { outcome: 'interrupted' }>;

/** Why a stream did not meet its expectation in a step; empty if it did. */
export function reasonsAgainst(expect: StreamExpectation, observed: ObservedStream): Reason[] {
  const { calls } = observed;
  if (calls.length === 0) return [noCalls(observed)];
  if (expect.outcome === 'interrupted') return distinct(interrupted(expect, observed));
  if (expect.outcome === 'connections') return distinct(connections(expect, observed));
  return everyCall(expect, observed);
}

/**
 * All calls of a stream that is expected to work must work, also during the step's actions. Their path, and whether and how they
 * fail, is compared with the expectation only after the awaited state.
 */
function everyCall(expect: Expectation, observed: ObservedStream): Reason[] {
  const { calls, time, summary } = observed;
  if (expect.outcome === 'works' && summary.failed > 0) {
    const { cause } = summary.causes[0]!;
    return [reason('expected-to-work', { failed: summary.failed, attempts: calls.length, cause })];
  }
  const settled = calls.filter(({ beginMs }) => beginMs >= time.settledMs);
  return settled.length === 0 ? [noCalls(observed)] : allAs(expect, settled, observed);
}

/**
 * Calls fail in one outage. It ends with the first call from which all meet the expectation `then` in outcome and cause. Their
 * path is checked on later calls, because it may change without a loss a little later.
 */
function interrupted({ outage, then }: Interrupted, observed: ObservedStream): Reason[] {
  const { calls, time, calm } = observed;
  const over = calls.findLastIndex((call) => !isAlike(call, then, observed.plan)) + 1;
  const timed = calls.map(({ beginMs, endMs, attempt }, index) =>
    index < over || attempt.outcome === 'works'
      ? { beginMs, endMs, works: attempt.outcome === 'works' }
      : { beginMs, endMs: beginMs, works: true },
  );
  const outages = outagesAmong(timed, time, calm);
  const later = laterHalf(calls.slice(over), time);
  const failed = calls.slice(0, over).filter((call) => !works(call));
  return [
    ...lengths(outage, then.outcome === 'works' ? outages : outages.map(ended), calls),
    ...wrongCauses(failed, outage.causes ?? null),
    ...failed.flatMap(({ attempt: { cause } }) => judgePlace(outage.at, observed.plan, cause)),
    ...unproven(failed, observed),
    // An outage that is not over is not reported again for its last call.
    ...(then.outcome === 'works' && over === calls.length
      ? []
      : allAs(then, later.length > 0 ? later : calls.slice(-1), observed)),
  ];
}

/** If calls are expected to keep failing, no success marks the end. */
function ended(outage: FoundOutage): FoundOutage {
  return { ...outage, toMs: outage.toMs ?? outage.fromMs + outage.ms };
}

function isAlike({ attempt: { outcome, cause } }: JudgedCall, then: SingleExpectation, plan: Plan): boolean {
  if (then.outcome === 'works' || outcome === 'works') return outcome === then.outcome;
  return cause?.code === then.cause && (then.at === undefined || isAt(plan, cause, then.at));
}

function lengths({ atLeastMs, atMostMs }: OutageExpectation, outages: FoundOutage[], calls: JudgedCall[]): Reason[] {
  const [first, second] = outages;
  const ms = outages.reduce((most, one) => Math.max(most, one.ms), 0);
  const causeOf = ({ first, last }: FoundOutage): Cause | null => mostFrequent(calls.slice(first, last + 1));
  const unfinished = outages.find(({ toMs }) => toMs === null);
  const tooLong = atMostMs !== undefined && ms > atMostMs;
  return [
    ...(unfinished ? [reason('outage-not-over', { ms: unfinished.ms, cause: causeOf(unfinished) })] : []),
    ...(second ? [reason('second-outage', { ms: second.ms, cause: causeOf(second) })] : []),
    ...(tooLong && !unfinished ? [reason('outage-too-long', { ms, atMostMs, cause: causeOf(first!) })] : []),
    ...(atLeastMs !== undefined && ms < atLeastMs ? [reason('outage-too-short', { ms, atLeastMs })] : []),
  ];
}

/** The most frequent cause of failed calls. */
function mostFrequent(calls: JudgedCall[]): Cause | null {
  const times = new Map<string, { cause: Cause | null; calls: number }>();
  for (const { attempt } of calls.filter((call) => !works(call))) {
    const key = `${attempt.cause?.code} ${attempt.cause?.node}`;
    const known = times.get(key) ?? { cause: attempt.cause, calls: 0 };
    times.set(key, { ...known, calls: known.calls + 1 });
  }
  return [...times.values()].sort((a, b) => b.calls - a.calls)[0]?.cause ?? null;
}

/** @param expected null if any known cause is accepted */
function wrongCauses(failed: JudgedCall[], expected: string[] | null): Reason[] {
  const wrong = new Map<string, { calls: number; cause: Cause | null }>();
  for (const { attempt } of failed) {
    const { cause } = attempt;
    const isNamed = cause !== null && cause.code !== 'unexplained';
    if (isNamed && (expected === null || expected.includes(cause.code))) continue;
    const key = `${cause?.code} ${cause?.node}`;
    const known = wrong.get(key) ?? { calls: 0, cause };
    wrong.set(key, { ...known, calls: known.calls + 1 });
  }
  return [...wrong.values()].map(({ calls, cause }) =>
    reason('wrong-outage-cause', { calls, cause, expected: expected ?? [] }),
  );
}

/** A call whose request did not leave its caller shows nothing about other nodes. */
function unproven(failed: JudgedCall[], { flow }: ObservedStream): Reason[] {
  return failed.every(({ attempt }) => leftCaller(flow, attempt))
    ? []
    : [reason('request-not-seen', { caller: flow.from })];
}

function connections(expect: ConnectionsExpectation, observed: ObservedStream): Reason[] {
  const { calls, stream, summary } = observed;
  const { survived, reset, stalled, longestStallMs } = summary.connections!;
  const of = survived + reset + stalled;
  const all = expect.survive === undefined && expect.reset === undefined && expect.stall === undefined;
  const counts = [
    { what: 'survived', seen: survived, expected: all ? { atLeast: of } : expect.survive },
    { what: 'reset', seen: reset, expected: expect.reset },
    { what: 'stalled', seen: stalled, expected: expect.stall },
  ] as const;
  const ends = endsOfConnections(calls, stream.connections);
  return [
    ...counts.flatMap(({ what, seen, expected }) =>
      expected === undefined || isWithin(seen, expected)
        ? []
        : [reason('wrong-connections', { what, seen, of, expected })],
    ),
    ...(expect.stallMs === undefined || isWithin(longestStallMs, expect.stallMs)
      ? []
      : [reason('wrong-stall', { ms: longestStallMs, expected: expect.stallMs })]),
    ...wrongCauses(ends, expect.causes ?? null),
    ...unproven(ends, observed),
  ];
}

/** The later half of the calls that began after the awaited state. */
export function laterHalf<T extends { beginMs: number }>(calls: T[], { settledMs }: StepTime): T[] {
  const settled = calls.filter(({ beginMs }) => beginMs >= settledMs);
  return settled.slice(Math.floor(settled.length / 2));
}

function allAs(expect: Expectation, calls: JudgedCall[], { flow, plan, findings }: ObservedStream): Reason[] {
  const attempts = calls.map(({ attempt }) => attempt);
  const { reasons } = judgeFlow({ ...flow, expect }, plan, { attempts, controls: [], disagreement: null });
  return reasons.filter(({ code, params }) => code !== 'finding-missing' || !findings.has(params.finding));
}

function noCalls({ stream, step }: ObservedStream): Reason {
  return reason('no-calls', { stream: stream.name, step });
}

function distinct(reasons: Reason[]): Reason[] {
  return [...new Map(reasons.map((one) => [JSON.stringify(one), one])).values()];
}
