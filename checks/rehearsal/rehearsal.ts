import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';
import type { Calls, Query, RouteQuery } from '../../harness/agent/protocol.ts';
import { disagreement } from '../../harness/judge/agreement.ts';
import { judgeAttempt } from '../../harness/judge/attempt.ts';
import { predictionOf } from '../../harness/model/predict.ts';
import { isRefused } from '../../harness/model/repetition.ts';
import { explore } from '../../harness/model/simulation/choices.ts';
import { networkOf } from '../../harness/model/simulation/network.ts';
import { balancedRoute, lookUp, validateSource } from '../../harness/model/simulation/routing.ts';
import type { Crossing, Run } from '../../harness/model/simulation/run.ts';
import { simulateFrom, startsOf, type Start } from '../../harness/model/start.ts';
import { commonAddresses, flowArp, flowPackets, type FlowKey } from '../../harness/observe/flow-packets.ts';
import { observedWalk } from '../../harness/observe/observed-walk.ts';
import { nextFlowKey } from '../../harness/run/flow-key.ts';
import { queryNodes, type QueriedLab } from '../../harness/run/query-nodes.ts';
import { plansOf } from '../../harness/scenario/resolve/plans.ts';
import type { Attempt } from '../../harness/terms/attempt.ts';
import type { ClientOutcome } from '../../harness/terms/cause.ts';
import type { CountersByNode } from '../../harness/terms/counters.ts';
import type { FlowPlan, Plan } from '../../harness/terms/plan.ts';
import type { RouteAnswer } from '../../harness/terms/route-answer.ts';
import type { Prediction } from '../../harness/terms/walk.ts';
import type { Generated } from '../differential/generated.ts';
import { load } from '../differential/load.ts';
import { syntheticFrame } from './synthetic-frame.ts';

/** Maximum number of alternatives of a flow that are judged. */
const ALTERNATIVES = 24;

/** Time between two frames, and until a retransmission, ns. */
const [STEP_NS, RETRANSMISSION_NS] = [20_000, 1_000_000_000];

export interface Rehearsal {
  /** Flows of the lab, and how many of them were judged. */
  flows: number;
  judged: number;
  /** Judged attempts: one for each alternative of a flow. */
  attempts: number;
  /** A line per disagreement. */
  disagreements: string[];
}

/**
 * Judges the packets of the model's own simulation instead of real ones, and returns where the judge disagrees with the
 * prediction: both must name the same event in the same way. It takes milliseconds and needs no containers, but it cannot
 * show that the model is wrong. Excludes calls by name, segments out of window and used-up ports, whose packets or earlier
 * attempts the simulation does not have.
 * @throws InputError if the lab is invalid
 */
export async function rehearse(name: string, sample: Generated): Promise<Rehearsal> {
  const total: Rehearsal = { flows: 0, judged: 0, attempts: 0, disagreements: [] };
  for (const { plan } of plansOf(load(name, sample), { variants: [], flows: [] }))
    for (const flow of plan.flows) {
      total.flows += 1;
      if (flow.byName !== undefined || flow.outOfWindow !== undefined) continue;
      const all = await rehearseFlow(plan, flow);
      if (all.length > 0) total.judged += 1;
      total.attempts += all.length;
      total.disagreements.push(...differencesOf(all).map((detail) => `${flow.name}: ${detail}`));
    }
  return total;
}

interface Rehearsed {
  attempt: Attempt;
  prediction: Prediction;
}

async function rehearseFlow(plan: Plan, flow: FlowPlan): Promise<Rehearsed[]> {
  const all: Rehearsed[] = [];
  for (const start of startsOf(plan, flow)) {
    let captured: Crossing[] = [];
    const runs = explore((choices) => {
      captured = [];
      const capture = (crossing: Crossing): number => captured.push(crossing);
      return simulateFrom(networkOf(plan), flow, withoutFailures(start), { choices, capture });
    });
    for (const run of runs) {
      const prediction = predictionOf(run);
      if (prediction.cause?.code === 'ports-exhausted') continue;
      all.push({ attempt: await judged(run, captured, plan, flow), prediction });
      if (all.length === ALTERNATIVES) return all;
    }
  }
  return all;
}

function differencesOf(all: Rehearsed[]): string[] {
  const predicted = all.map(({ prediction }) => prediction);
  const found = all.flatMap(({ attempt }) => disagreement(attempt, predicted) ?? []);
  return [...new Set(found.map((one) => say(en, one)))];
}

/** A kernel requests a failed neighbour again, which the simulation leaves out. */
function withoutFailures(start: Start): Start {
  if (start === null) return null;
  return new Map(
    [...start].map(([node, state]) => {
      const neighbours = new Map([...state.neighbours].filter(([, { failed }]) => !failed));
      return [node, { ...state, neighbours }];
    }),
  );
}

async function judged(run: Run, captured: Crossing[], plan: Plan, flow: FlowPlan): Promise<Attempt> {
  const own = nextFlowKey(flow, plan);
  const key: FlowKey = { ...own, sourcePort: flow.protocol === 'icmp' ? 0 : run.exchange.sourcePort };
  const times = timesOf(run, captured);
  const sightings = captured.flatMap(({ node, iface, direction, frame }, index) =>
    iface === 'lo'
      ? []
      : [{ time: times[index]!, node, iface, direction, frame: syntheticFrame(run, frame, key.token) }],
  );
  const packets = flowPackets(sightings, key);
  const arp = flowArp(sightings, packets, [key.address, ...commonAddresses(plan)], plan);
  const base = {
    plan,
    flow,
    key,
    packets: [...packets, ...arp].sort((a, b) => a.time - b.time),
    epoch: '0',
    walk: observedWalk(packets, key, plan),
  };
  const { answered, served } = run.exchange;
  return judgeAttempt(
    {
      ...base,
      client: {
        answered,
        outcome: outcomeOf(run),
        servedBy: served?.node ?? null,
        sourceSeen: served?.source ?? null,
      },
      ...(await queryNodes(base, { lab: simulatedLab(run) }, {})),
      redirects: [],
    },
    0,
  );
}

/** The simulation has no time: the first frame of a retransmission is a second after the last one before it. */
function timesOf({ exchange: { repeated, sent } }: Run, captured: Crossing[]): number[] {
  let time = 0;
  const seen = new Set<number>();
  return captured.map(({ frame }) => {
    const id = 'packet' in frame ? frame.packet.id : null;
    const isNew = id !== null && !seen.has(id);
    const isRepetition = isNew && [...repeated].some((one) => one < id && sent[one]!.step === sent[id]!.step);
    if (isNew) seen.add(id);
    time += isRepetition ? RETRANSMISSION_NS : STEP_NS;
    return time;
  });
}

/** Nodes that answer what a run asks real ones after a failed attempt (harness/run/query-nodes.ts). */
function simulatedLab(run: Run): QueriedLab {
  const counters = countersOf(run);
  const answers: { [Q in Query]: (node: string, params: Calls[Q]['params']) => Calls[Q]['result'] } = {
    counters: (node) => counters[node]!,
    macTable: (node) =>
      Object.fromEntries([...(run.states.get(node)?.macTable ?? [])].map(([mac, { port }]) => [mac, port])),
    routeGet: (node, query) => routeAnswer(run, node, query),
    serverStates: (node) => serverStates(run, node),
  };
  return { node: (name) => ({ ask: (query, params) => Promise.resolve(answers[query](name, params)) }) };
}

/** Like `ip route get`. */
function routeAnswer({ network }: Run, node: string, { to, incoming, mark }: RouteQuery): RouteAnswer {
  const host = network.hosts.get(node)!;
  const device = incoming && host.devices.get(incoming.iif);
  // The model has no devices of tunnels and trunks.
  if (incoming !== undefined && device === undefined) return 'routed';
  const packet = { src: incoming?.from ?? '', dst: to };
  const route = host.owned.has(to)
    ? 'local'
    : (lookUp(host, to, packet.src) ?? (mark === undefined ? null : balancedRoute(host, packet)));
  if (route === null) return 'no-route';
  if (device === undefined) return 'routed';
  // IPv6 looks for a route also without forwarding.
  if (route !== 'local' && !to.includes(':') && !device.settings.forwarding.v4) return 'no-route';
  const verdict = validateSource(host, device, packet);
  if (verdict.accepted) return 'routed';
  return verdict.code === 'own-address-as-source' ? 'source-refused' : 'reverse-path';
}

function serverStates({ network, isUp }: Run, node: string): Calls['serverStates']['result'] {
  const host = network.hosts.get(node)!;
  return (host.plan.balancer?.config.services ?? []).flatMap((service) =>
    service.servers.map((server) => ({ service: service.name, server: server.name, up: isUp(host, service, server) })),
  );
}

/** Counters that rise with a loss (harness/judge/counters.ts). */
function countersOf({ ends, network }: Run): CountersByNode {
  const counters: CountersByNode = Object.fromEntries(network.plan.nodes.map(({ name }) => [name, {}]));
  for (const { stoppedBy: why, packet } of ends.values()) {
    const at = why && counters[why.node];
    if (why === undefined || at === undefined) continue;
    const { detail } = why;
    if (detail.code === 'filter-matched' || detail.code === 'too-big-unheard')
      at[`l4lab_filter rule${detail.params.number}`] = 1;
    if (why.code === 'reverse-path') at['TcpExtIPReversePathFilter'] = 1;
    if (why.code === 'half-seen-by-firewall') at['l4lab_firewall dropped'] = 1;
    if (why.code === 'no-route') at[packet.trace === null ? 'IpOutNoRoutes' : 'IpInNoRoutes'] = 1;
    const forgets = network.hosts.get(why.node)?.plan.idleTimeoutMs !== undefined;
    if (why.code === 'connection-unknown' && forgets) at['l4lab_idle unbegun'] = 1;
  }
  return counters;
}

/** What the caller's socket reports. */
function outcomeOf(run: Run): ClientOutcome {
  const { exchange, ends } = run;
  if (exchange.answered) return 'answered';
  return refusedAtOnce(run) ?? (isRefused(run) ? refusal() : 'no-answer');

  function refusal(): ClientOutcome {
    const last = exchange.sent.findLast(({ step }) => step === 'reset' || step === 'error');
    if (last?.step === 'reset') return exchange.sent.some(({ step }) => step === 'ack') ? 'ECONNRESET' : 'ECONNREFUSED';
    const why = last?.about === undefined ? undefined : ends.get(last.about.id)?.cause?.code;
    return why === 'refused' || why === undefined ? 'ECONNREFUSED' : 'EHOSTUNREACH';
  }
}

/** Error of a call that never left its node. */
function refusedAtOnce({ ends, exchange: { flow } }: Run): ClientOutcome | null {
  const first = ends.get(0);
  if (first?.cause?.node !== flow.from || first.packet.trace !== null) return null;
  const { code, detail } = first.cause;
  if (code === 'too-big') return 'EMSGSIZE';
  if (code === 'no-neighbour') return 'EHOSTUNREACH';
  if (detail.code === 'route-missing') return 'ENETUNREACH';
  if (detail.code !== 'dead-end') return null;
  return ({ prohibit: 'EACCES', blackhole: 'EINVAL', unreachable: 'EHOSTUNREACH' } as const)[detail.params.type];
}
