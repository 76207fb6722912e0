import { disagreement } from '../judge/agreement.ts';
import { controlsOf } from '../judge/controls.ts';
import { redirectsIn, type Redirect } from '../judge/evidence/redirects.ts';
import type { CountersByNode } from '../terms/counters.ts';
import type { Fault } from '../terms/fault.ts';
import type { Control, ControlResult } from '../terms/reason.ts';
import type { FlowResult } from '../terms/results.ts';
import type { Attempt } from '../terms/attempt.ts';
import { judgeFlow } from '../judge/verdict.ts';
import { MAX_PARALLEL_ATTEMPTS, MAX_CALL_BYTES, MAX_PARALLEL_WAITS } from '../terms/limits.ts';
import { allowsFailure } from '../terms/expectation.ts';
import { predict } from '../model/predict.ts';
import { payloadOf } from '../terms/payload.ts';
import type { Prediction } from '../terms/walk.ts';
import { nodeOf, ownerOf } from '../scenario/lookup.ts';
import { callsOf } from '../terms/by-name.ts';
import { listenerAt } from '../terms/listener.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { coalesce } from '../coalesce.ts';
import { callsUntilSameServer } from './second-call.ts';
import { sideBySide } from './side-by-side.ts';
import { runAttempt } from './attempt.ts';
import { readCounters } from './query-nodes.ts';
import type { PooledLab } from './lab-pool.ts';

/** Context shared by parallel flows. */
export interface Shared {
  plan: Plan;
  lab: PooledLab;
  /** Every node's counters before these flows. */
  countersBefore: () => Promise<CountersByNode>;
  /** Runs a control that starts now or later: a control that started before the failure proves nothing. */
  control: (control: Control) => Promise<ControlResult>;
}

export function sharedBy(plan: Plan, lab: PooledLab): Shared {
  let counters: Promise<CountersByNode> | null = null;
  return {
    plan,
    lab,
    countersBefore: () => (counters ??= readCounters(plan, lab)),
    control: coalesce((control: Control) => runControl(control, plan, lab)),
  };
}

/** Runs a flow with its repetitions and controls, and judges it. */
export async function runFlow(flow: FlowPlan, predicted: Prediction[], shared: Shared): Promise<FlowResult> {
  return judged(flow, predicted, await attempted(flow, predicted, shared), shared);
}

/** The attempts of a flow and their total duration, ms. */
interface Attempted {
  attempts: Attempt[];
  durationMs: number;
}

/**
 * Runs flows in sequence, each starting from the state left by the previous one. Controls run last, since they would
 * change that state.
 * @param between ends what a flow has left in progress
 */
export async function runSequence(
  flows: { flow: FlowPlan; predicted: Prediction[] }[],
  begin: () => Shared,
  between: () => Promise<void>,
): Promise<FlowResult[]> {
  const done: { flow: FlowPlan; predicted: Prediction[]; seen: Attempted; shared: Shared }[] = [];
  for (const { flow, predicted } of flows) {
    if (done.length > 0) await between();
    const shared = begin();
    const packets = done.flatMap(({ seen }) => seen.attempts.flatMap((attempt) => attempt.packets));
    const seen = await attempted(flow, predicted, shared, redirectsIn(packets, shared.plan));
    done.push({ flow, predicted, seen, shared });
  }
  const results: FlowResult[] = [];
  for (const { flow, predicted, seen, shared } of done) results.push(await judged(flow, predicted, seen, shared));
  return results;
}

/** @param redirects redirects that nodes received during earlier flows */
async function attempted(
  flow: FlowPlan,
  predicted: Prediction[],
  { plan, lab, countersBefore }: Shared,
  redirects: Redirect[] = [],
): Promise<Attempted> {
  const began = performance.now();
  const ifMayFail =
    redirects.length > 0 || mayFail(flow, predicted) ? { countersBefore, predicted, redirects } : undefined;
  const attempts = await sideBySide(flow.repeat, parallelAttempts(flow, plan, predicted), () =>
    runAttempt(flow, plan, lab, ifMayFail),
  );
  return { attempts, durationMs: performance.now() - began };
}

async function judged(
  flow: FlowPlan,
  predicted: Prediction[],
  { attempts, durationMs }: Attempted,
  { plan, lab, ...shared }: Shared,
): Promise<FlowResult> {
  const began = performance.now();
  const controls = await Promise.all(controlsOf(plan, flow).map(shared.control));
  const differs = attempts.map((attempt) => disagreement(attempt, predicted)).find((found) => found !== null) ?? null;
  const judged = judgeFlow(flow, plan, { attempts, controls, disagreement: differs });
  const withRaw = (attempt: Attempt): Attempt => ({ ...attempt, packets: lab.recorder.withRaw(attempt.packets) });
  return {
    ...describeFlow(flow, plan),
    ...judged,
    predicted,
    disagreement: differs,
    counterfactuals: [],
    attempts: judged.verdict === 'fail' ? attempts.map(withRaw) : attempts,
    controls,
    durationMs: durationMs + performance.now() - began,
  };
}

/**
 * If no second call can prove that a loss was not accidental, each attempt waits a second for its caller's
 * retransmission, without using CPU time.
 */
function parallelAttempts(flow: FlowPlan, plan: Plan, predicted: Prediction[]): number {
  const { request, reply } = payloadOf(flow);
  const bytes = Math.max(request, reply) * (flow.exchanges ?? 1);
  const waits = predicted.every(
    ({ outcome, picked }) => outcome === 'fails' && callsUntilSameServer(flow, plan, picked) === 0,
  );
  return waits && bytes * MAX_PARALLEL_WAITS <= MAX_CALL_BYTES ? MAX_PARALLEL_WAITS : MAX_PARALLEL_ATTEMPTS;
}

/** Whether a flow or some of its attempts are expected or predicted to fail. */
export function mayFail({ expect }: FlowPlan, predicted: Prediction[]): boolean {
  return allowsFailure(expect) || predicted.some(({ outcome }) => outcome === 'fails');
}

/** A flow that could not be run: never passed, never failed. */
export function flowNotRun(flow: FlowPlan, plan: Plan, reason: Fault): FlowResult {
  return {
    ...describeFlow(flow, plan),
    verdict: 'not-run',
    reasons: [reason],
    outcome: null,
    cause: null,
    findings: [],
    predicted: predict(plan, flow),
    disagreement: null,
    counterfactuals: [],
    attempts: [],
    controls: [],
    durationMs: 0,
  };
}

/** What a flow calls, as text: `web (203.0.113.80:80)`; for a name, everything that it resolves to. */
function calledText(flow: FlowPlan): string {
  const { to, byName, port } = flow;
  const sockets = callsOf(flow).map(({ address }) => (port === 0 ? address : `${address}:${port}`));
  const name = byName?.name ?? ('service' in to ? to.service : to.node);
  return `${name} (${sockets.join(', ') || 'no address'})`;
}

function describeFlow(
  flow: FlowPlan,
  plan: Plan,
): Pick<FlowResult, 'name' | 'protocol' | 'from' | 'to' | 'after' | 'at' | 'expected' | 'rerun'> {
  return {
    name: flow.name,
    protocol: flow.protocol,
    from: flow.from,
    to: calledText(flow),
    ...(flow.after === undefined ? {} : { after: flow.after }),
    at: flow.at,
    expected: flow.expect,
    rerun: `npx l4lab run ${plan.scenario} --variant ${plan.variant} --flow ${flow.name}`,
  };
}

async function runControl(control: Control, plan: Plan, lab: PooledLab): Promise<ControlResult> {
  const { from, to, address, protocol, port } = control;
  const listener = to === null ? undefined : listenerAt(nodeOf(plan, to).listeners, { protocol, address, port });
  const name = listener?.names?.[0]?.name;
  const flow: FlowPlan = {
    name: `control ${from} ${address}`,
    from,
    address,
    protocol,
    port,
    source: '',
    to: { node: ownerOf(plan, address) ?? from },
    repeat: 1,
    // A DNS server gets a question that it can answer.
    ...(name === undefined ? {} : { question: { name, type: 'A' as const } }),
    expect: { outcome: 'works' },
    at: { file: '', line: 0, col: 0 },
  };
  const attempt = await runAttempt(flow, plan, lab);
  const { outcome, client, cause } = attempt;
  return { ...control, works: outcome === 'works', client, cause };
}
