import type { FlowPlan, Plan } from '../terms/plan.ts';
import { callsOf, newQuestionOf, questionOf } from '../terms/by-name.ts';
import { explore, type Choices } from './simulation/choices.ts';
import { health, initialStates } from './health.ts';
import { afterRuns, waysOf, withoutFailures } from './learned.ts';
import { networkOf, type Network } from './simulation/network.ts';
import type { NodeState } from './simulation/node-state.ts';
import { repeatUntilSettled } from './repetition.ts';
import type { Run } from './simulation/run.ts';
import { simulate } from './simulation/simulate.ts';

/** State of the nodes when a flow begins; null if they have learned nothing. */
export type Start = Map<string, NodeState> | null;

const known = new WeakMap<Plan, Map<string, Start[]>>();

/** Every state that a flow may begin with: what there is at the start, or what the flow that it comes after leaves behind. */
export function startsOf(plan: Plan, flow: FlowPlan): Start[] {
  const former = plan.flows.find(({ name }) => name === flow.after);
  if (former === undefined) return initialStates(networkOf(plan));
  let ofPlan = known.get(plan);
  if (ofPlan === undefined) known.set(plan, (ofPlan = new Map<string, Start[]>()));
  const key = JSON.stringify(former);
  let starts = ofPlan.get(key);
  if (starts === undefined) {
    const all = startsOf(plan, former).flatMap((start) => leftByAll(networkOf(plan), former, start));
    starts = [...new Map(all.map((left) => [waysOf(left), left])).values()];
    ofPlan.set(key, starts);
  }
  return starts;
}

/** A flow from a state, before anything of it is sent again. */
export function simulateFrom(network: Network, flow: FlowPlan, states: Start, choices: Choices): Run {
  return simulate(network, flow, {
    choices,
    isUp: (host, service, server) =>
      choices.choose(`up ${host.name} ${service.name} ${server.name}`, health(network, host, service, server)),
    states,
  });
}

/** What a flow and the question before it leave behind: of several attempts each may call another address. */
function leftByAll(network: Network, flow: FlowPlan, start: Start): Map<string, NodeState>[] {
  const question = questionOf(flow);
  if (question === null) {
    const called = callsOf(flow).flatMap((call) => leftBy(network, call, start));
    // If a call with a cached answer fails, a question follows.
    const later = newQuestionOf(flow);
    return later === null ? called : [...called, ...called.flatMap((left) => leftBy(network, later, left))];
  }
  const asked = leftBy(network, question, start);
  const calls = callsOf(flow);
  if (calls.length === 0) return asked;
  const one = calls.flatMap((call) => asked.flatMap((left) => leftBy(network, call, left)));
  if (flow.repeat === 1 || calls.length === 1) return one;
  const inTurn = calls.reduce((lefts, call) => lefts.flatMap((left) => leftBy(network, call, left)), asked);
  return [...one, ...inTurn];
}

/**
 * What an exchange leaves behind: whichever way it goes, and where it has several attempts, all ways together. Connections are
 * left out: one of TCP ends by a reset, and a datagram from the same port as an earlier one goes on to the server of that,
 * which is one of those that may be picked anyway.
 */
function leftBy(network: Network, flow: FlowPlan, start: Start): Map<string, NodeState>[] {
  const runs = [
    ...explore((choices) => {
      const run = simulateFrom(network, flow, start, choices);
      if (!run.exchange.answered) repeatUntilSettled(run);
      return run;
    }),
  ];
  const each = runs.map((run) => leftBehind(start, [run]));
  return flow.repeat === 1 || runs.length === 1 ? each : [...each, leftBehind(start, runs)];
}

/** What runs from one state leave behind. How large a packet the other end of a connection takes is a matter of that alone. */
export function leftBehind(start: Start, runs: Run[]): Map<string, NodeState> {
  const learned = withoutFailures(afterRuns(start ?? new Map<string, NodeState>(), runs));
  return new Map([...learned].map(([node, state]) => [node, { ...state, taken: new Map() }]));
}

/** Whether a run has taught anybody a redirect or a path MTU that was not known before. */
export function leadsElsewhere({ states, before }: Run): boolean {
  return [...states].some(
    ([node, { redirects, limits }]) =>
      redirects.size > (before?.get(node)?.redirects.size ?? 0) || limits.size > (before?.get(node)?.limits.size ?? 0),
  );
}
