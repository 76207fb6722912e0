import type { ObservedCall } from '../observe/stream-calls.ts';
import { callFlow } from '../terms/call-flow.ts';
import { milliseconds } from '../observe/stream-calls.ts';
import { planAt } from '../scenario/plan-at.ts';
import { proxyIpsOf, serviceOf } from '../scenario/lookup.ts';
import type { Cause } from '../terms/cause.ts';
import type { FlowPlan, Plan, StreamExpectation, StreamPlan } from '../terms/plan.ts';
import type { Disagreement, Reason } from '../terms/reason.ts';
import type { FlowResult } from '../terms/results.ts';
import type { Attempt } from '../terms/attempt.ts';
import type { CallRecord, CallResult, StateBand, StreamSummary } from '../terms/timeline-results.ts';
import type { StreamPrediction } from '../terms/stream-prediction.ts';
import { judgeAttempt } from './attempt.ts';
import { examplesOf, type Examples } from './examples.ts';
import { works, type JudgedCall, type StepTime } from './judged-call.ts';
import { connectionsOf } from './kept-connections.ts';
import { healthyAmong, holdersAmong, startsBalancer, REPORT_DELAY_MS } from './evidence/moment.ts';
import { longest, outagesAmong } from './outages.ts';
import { streamDisagreement } from './stream-agreement.ts';
import { reasonsAgainst } from './stream-verdict.ts';

/** A stream in a step, with everything that is known about it. */
export interface StreamToJudge {
  /** The plan with all its steps. */
  plan: Plan;
  stream: StreamPlan;
  /** Index of the step. */
  step: number;
  /** Null without an expectation for the stream in the step: it then has no cell. */
  expect: StreamExpectation | null;
  calls: ObservedCall[];
  /** All states over time: holders of addresses, and servers that are up. */
  bands: StateBand[];
  predicted: StreamPrediction;
  /** Addresses for which two nodes answered one request, for any call. */
  addressesWithTwoMacs: ReadonlySet<string>;
  /** Load balancers whose conntrack failed to insert flows in the step; absent if not read. */
  flowsRefused?: ReadonlySet<string>;
  time: StepTime;
  /** Number of the stream's examples in earlier steps. */
  examplesBefore: number;
  /** Whether a step has not reached its predicted final state: then there is no prediction. */
  deviates?: boolean;
  /** Calls that have waited for a reply since an earlier step, by token, as they were judged there. */
  waiting?: ReadonlyMap<string, JudgedCall>;
}

export interface JudgedStream extends Pick<FlowResult, 'verdict' | 'reasons' | 'outcome' | 'cause'> {
  summary: StreamSummary;
  disagreement: Disagreement | null;
  calls: CallResult[];
  /** The first of each kind of call, in addition to those of earlier steps. */
  examples: Attempt[];
  /** Calls without a reply yet, by token: on a kept connection it may come in a later step. */
  waiting: Map<string, JudgedCall>;
}

/** Compares the calls of a stream in a step with expectation and prediction, and sums them up. */
export function judgeStream(asked: StreamToJudge): JudgedStream {
  const { plan, stream, step, expect, time, predicted, examplesBefore } = asked;
  const now = planAt(plan, step);
  const flow = callFlow(stream);
  const calls = judgedCalls(asked, now, flow);
  const examples = examplesOf(calls.map(({ attempt }) => attempt));
  const like = (index: number): number => examplesBefore + examples.like[index]!;
  const calm = calmOf(now, stream);
  const summary = summaryOf({ calls, stream, time, calm, examples, examplesBefore });
  const numbered = calls.map((call, index) => ({ ...call, like: examples.like[index]! }));
  const disagreement =
    asked.deviates === true ? null : streamDisagreement({ calls: numbered, time, predicted, summary });
  const { name } = plan.timeline!.steps[step]!;
  const findings = new Set(calls.flatMap(({ attempt }) => attempt.findings.map(({ code }) => code)));
  const service = serviceOf(now, flow);
  if (
    [stream.address, ...(service ? proxyIpsOf(service) : [])].some((address) => asked.addressesWithTwoMacs.has(address))
  )
    findings.add('two-owners');
  const observed = { plan: now, flow, stream, step: name, calls, time, calm, summary, findings };
  const reasons: Reason[] = [
    ...(expect === null ? [] : reasonsAgainst(expect, observed)),
    ...(disagreement === null ? [] : [{ code: 'disagreement', params: { disagreement } } as const]),
  ];
  return {
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons,
    outcome: summary.failed > 0 ? 'fails' : calls.length > 0 ? 'works' : null,
    cause: summary.causes[0]?.cause ?? null,
    summary,
    disagreement,
    calls: calls.map(({ record, attempt, beginMs, endMs }, index) => ({
      step,
      ...(record.connection === undefined ? {} : { connection: record.connection }),
      beginMs,
      endMs,
      outcome: attempt.outcome,
      client: attempt.client,
      servedBy: attempt.servedBy,
      l4: attempt.l4,
      cause: attempt.cause && { code: attempt.cause.code, node: attempt.cause.node },
      example: like(index),
    })),
    examples: examples.examples,
    waiting: new Map(calls.filter(({ record }) => mayYetBeAnswered(record)).map((call) => [call.record.token, call])),
  };
}

function mayYetBeAnswered({ connection, outcome, servedBy }: CallRecord): boolean {
  return connection !== undefined && outcome === 'timeout' && servedBy === null;
}

/** If this many consecutive calls per possibly missing server work, it is no coincidence. */
const CALM_FOR_EACH = 20;

function calmOf(plan: Plan, { to, connections }: StreamPlan): number {
  const service = 'service' in to ? plan.services.find(({ name }) => name === to.service) : undefined;
  return CALM_FOR_EACH * Math.max(1, connections, service?.pool.length ?? 1);
}

function judgedCalls(
  { plan: whole, step, calls, bands, time, flowsRefused, waiting }: StreamToJudge,
  plan: Plan,
  flow: FlowPlan,
): JudgedCall[] {
  const epochMs = Number(BigInt(time.epoch) / 1000n) / 1000;
  const service = serviceOf(plan, flow);
  const judged = calls.map((call) => {
    const { record, key, packets, epoch, walk, walkBegins, history } = call;
    const at = (ns: number): number => milliseconds(epoch, ns) - epochMs;
    const isSent = packets.find(
      ({ node, direction, frame }) => node === key.caller && direction === 'out' && !frame.arp,
    );
    const beginMs = isSent ? at(isSent.time) : record.beganAt - epochMs;
    const arrival = record.answered
      ? packets.find(
          ({ node, direction, frame }) => node === key.caller && direction === 'in' && frame.token === key.token,
        )
      : undefined;
    const endMs = arrival ? at(arrival.time) : record.endedAt - epochMs;
    const l4s = service?.l4s.map(({ node }) => node) ?? [];
    const crossed = l4s.filter((l4) => walk.request.some(({ node }) => node === l4));
    const { answered, outcome, servedBy, sourceSeen } = record;
    // A node that rejects has no server, even if it has not reported that yet.
    const judgedBy = {
      fromMs: beginMs,
      toMs: beginMs + (outcome.startsWith('E') ? REPORT_DELAY_MS : 0),
      starts: (l4: string) => startsBalancer({ step, whole }, l4),
    };
    const attempt = judgeAttempt(
      {
        plan,
        flow,
        key,
        client: { answered, outcome, servedBy, sourceSeen },
        packets,
        epoch,
        walk,
        kernel: null,
        kernelOnAnswer: null,
        kernelOnArp: null,
        healthy: service ? healthyAmong(service, crossed.length > 0 ? crossed : l4s, bands, judgedBy) : null,
        macTables: {},
        counters: null,
        moment: {
          step,
          whole,
          holders: (address, ns) => holdersAmong(plan, bands, address, at(walkBegins + ns)),
          walkBegins,
          isActing: beginMs < time.actedMs,
          ...(flowsRefused === undefined ? {} : { flowsRefused }),
          ...(history === undefined ? {} : { history }),
        },
      },
      endMs - beginMs,
    );
    const judgedNow = { ...call, attempt, beginMs, endMs };
    const earlier = waiting?.get(record.token);
    return earlier === undefined ? judgedNow : continuedCall(judgedNow, earlier);
  });
  return judged.sort((a, b) => a.beginMs - b.beginMs);
}

/**
 * A call that has waited since an earlier step failed because of the state when its packets were sent: if none were sent
 * since, or they got through, this step does not explain it.
 */
function continuedCall(call: JudgedCall, earlier: JudgedCall): JudgedCall {
  const { record, walk, attempt, endMs } = call;
  const isExplained = attempt.cause !== null && attempt.cause.code !== 'unexplained';
  if (record.servedBy === null && walk.request.length > 0 && isExplained) return call;
  const { beginMs } = earlier;
  return {
    ...call,
    beginMs,
    attempt: { ...earlier.attempt, client: attempt.client, durationMs: endMs - beginMs },
  };
}

interface Summed {
  calls: JudgedCall[];
  stream: StreamPlan;
  time: StepTime;
  calm: number;
  examples: Examples;
  examplesBefore: number;
}

function summaryOf({ calls, stream, time, calm, examples, examplesBefore }: Summed): StreamSummary {
  const timed = calls.map((call) => ({ ...call, works: works(call) }));
  const causes = new Map<string, { cause: Cause; calls: number; example: number }>();
  calls.forEach(({ attempt: { cause } }, index) => {
    if (cause === null) return;
    const key = `${cause.code} ${cause.node}`;
    const known = causes.get(key) ?? { cause, calls: 0, example: examplesBefore + examples.like[index]! };
    causes.set(key, { ...known, calls: known.calls + 1 });
  });
  return {
    calls: calls.length,
    failed: calls.filter((call) => !works(call)).length,
    outage: longest(outagesAmong(timed, time, calm)),
    causes: [...causes.values()].sort((a, b) => b.calls - a.calls),
    servedBy: counted(calls.map(({ attempt }) => attempt.servedBy)),
    l4: counted(calls.map(({ attempt }) => attempt.l4)),
    ...(stream.connection === 'kept' ? { connections: connectionsOf(calls, stream.connections) } : {}),
  };
}

function counted(names: (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) if (name !== null) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
