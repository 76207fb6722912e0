import type { FlowPlan, Plan } from '../terms/plan.ts';
import { callsOf, newQuestionOf, questionOf } from '../terms/by-name.ts';
import { explore, type Choices } from './simulation/choices.ts';
import { health, initialStates } from './health.ts';
import { afterRuns, pathStateOf, withoutFailures } from './learned.ts';
import { networkOf, type Network } from './simulation/network.ts';
import type { NodeState } from './simulation/node-state.ts';
import { repeatUntilSettled } from './repetition.ts';
import type { Run } from './simulation/run.ts';
import { simulate } from './simulation/simulate.ts';

/** State of the nodes when a flow begins; null if they have learned nothing. */
export type Start = Map<string, NodeState> | null;

const known = new WeakMap<Plan, Map<string, Start[]>>();

/** All states that a flow may begin with: the initial state, or the state left by the preceding flow. */
export function startsOf(plan: Plan, flow: FlowPlan): Start[] {
  const former = plan.flows.find(({ name }) => name === flow.after);
  if (former === undefined) return initialStates(networkOf(plan));
  let ofPlan = known.get(plan);
  if (ofPlan === undefined) known.set(plan, (ofPlan = new Map<string, Start[]>()));
  const key = JSON.stringify(former);
  let starts = ofPlan.get(key);
  if (starts === undefined) {
    const all = startsOf(plan, former).flatMap((start) => stateAfterFlow(networkOf(plan), former, start));
    starts = [...new Map(all.map((left) => [pathStateOf(left), left])).values()];
    ofPlan.set(key, starts);
  }
  return starts;
}

/** Simulates a flow from a state, without retransmissions. */
export function simulateFrom(
  network: Network,
  flow: FlowPlan,
  states: Start,
  { choices, capture = null }: { choices: Choices; capture?: Run['capture'] },
): Run {
  return simulate(network, flow, {
    choices,
    capture,
    isUp: (host, service, server) =>
      choices.choose(`up ${host.name} ${service.name} ${server.name}`, health(network, host, service, server)),
    states,
  });
}

/** State left by a flow and its question: each attempt may call another address. */
function stateAfterFlow(network: Network, flow: FlowPlan, start: Start): Map<string, NodeState>[] {
  const question = questionOf(flow);
  if (question === null) {
    const called = callsOf(flow).flatMap((call) => stateAfterExchange(network, call, start));
    // If a call with a cached answer fails, a question follows.
    const later = newQuestionOf(flow);
    return later === null ? called : [...called, ...called.flatMap((left) => stateAfterExchange(network, later, left))];
  }
  const asked = stateAfterExchange(network, question, start);
  const calls = callsOf(flow);
  if (calls.length === 0) return asked;
  const one = calls.flatMap((call) => asked.flatMap((left) => stateAfterExchange(network, call, left)));
  if (flow.repeat === 1 || calls.length === 1) return one;
  const inTurn = calls.reduce((lefts, call) => lefts.flatMap((left) => stateAfterExchange(network, call, left)), asked);
  return [...one, ...inTurn];
}

/**
 * State left by an exchange: one of its alternatives, or all together if it has several attempts. Excludes connections:
 * TCP connections end by reset, and a datagram from a reused port goes to the earlier one's server, which may be
 * selected anyway.
 */
function stateAfterExchange(network: Network, flow: FlowPlan, start: Start): Map<string, NodeState>[] {
  const runs = [
    ...explore((choices) => {
      const run = simulateFrom(network, flow, start, { choices });
      if (!run.exchange.answered) repeatUntilSettled(run);
      return run;
    }),
  ];
  const each = runs.map((run) => stateAfterRuns(start, [run]));
  return flow.repeat === 1 || runs.length === 1 ? each : [...each, stateAfterRuns(start, runs)];
}

/** State left by runs from one state. Excludes the MSS, which belongs to one connection. */
export function stateAfterRuns(start: Start, runs: Run[]): Map<string, NodeState> {
  const learned = withoutFailures(afterRuns(start ?? new Map<string, NodeState>(), runs));
  return new Map([...learned].map(([node, state]) => [node, { ...state, peerLimits: new Map() }]));
}

/** Whether a node learned a new redirect or path MTU in a run. */
export function changesPaths({ states, before }: Run): boolean {
  return [...states].some(
    ([node, { redirects, pathMtus }]) =>
      redirects.size > (before?.get(node)?.redirects.size ?? 0) ||
      pathMtus.size > (before?.get(node)?.pathMtus.size ?? 0),
  );
}
