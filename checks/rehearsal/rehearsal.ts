import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';
import { disagreement } from '../../harness/judge/agreement.ts';
import { judgeAttempt } from '../../harness/judge/attempt.ts';
import { broughtBy, openQuestion, vanishedAt, type Evidence } from '../../harness/judge/evidence/evidence.ts';
import { receivingL4s } from '../../harness/judge/evidence/receiving-l4s.ts';
import { translatedBack } from '../../harness/judge/evidence/translated-back.ts';
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
import { nodeOf, serviceOf } from '../../harness/scenario/lookup.ts';
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

/**
 * Judges the packets of the model's own simulation instead of real ones, and returns where the judge disagrees with the
 * prediction: both must name the same event in the same way. It takes milliseconds and needs no lab, but it cannot show
 * that the model is wrong. Excludes calls by name and segments out of window, whose packets the simulation does not have.
 * @returns a line per disagreement
 * @throws InputError if the lab is invalid
 */
export function rehearse(name: string, sample: Generated): string[] {
  const [{ plan } = { plan: null }] = plansOf(load(name, sample), { variants: [], flows: [] });
  if (plan === null) return [];
  return plan.flows
    .filter(({ byName, outOfWindow }) => byName === undefined && outOfWindow === undefined)
    .flatMap((flow) => rehearseFlow(plan, flow).map((detail) => `${flow.name}: ${detail}`));
}

function rehearseFlow(plan: Plan, flow: FlowPlan): string[] {
  const all = startsOf(plan, flow)
    .flatMap((start) => [...runsFrom(plan, flow, withoutFailures(start))])
    .slice(0, ALTERNATIVES);
  const predicted = all.map(({ prediction }) => prediction);
  const found = all.flatMap(({ attempt }) => disagreement(attempt, predicted) ?? []);
  return [...new Set(found.map((one) => say(en, one)))];
}

interface Rehearsed {
  attempt: Attempt;
  prediction: Prediction;
}

function* runsFrom(plan: Plan, flow: FlowPlan, start: Start): Generator<Rehearsed> {
  let captured: Crossing[] = [];
  const runs = explore((choices) => {
    captured = [];
    return simulateFrom(networkOf(plan), flow, start, { choices, capture: (crossing) => captured.push(crossing) });
  });
  for (const run of runs) {
    const prediction = predictionOf(run);
    // Whether its ports are used up depends on attempts that are not simulated.
    if (prediction.cause?.code === 'ports-exhausted') continue;
    yield { attempt: judged(run, captured, plan, flow), prediction };
  }
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

function judged(run: Run, captured: Crossing[], plan: Plan, flow: FlowPlan): Attempt {
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
      ...queried(run, base),
      healthy: healthyServers(run, base),
      macTables: Object.fromEntries(
        [...run.states].map(([node, { macTable }]) => [
          node,
          Object.fromEntries([...macTable].map(([mac, { port }]) => [mac, port])),
        ]),
      ),
      counters: countersOf(run),
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

/** What the nodes would answer (harness/run/query-nodes.ts). */
function queried(
  run: Run,
  base: Pick<Evidence, 'plan' | 'flow' | 'walk' | 'packets'>,
): Pick<Evidence, 'kernel' | 'kernelOnAnswer' | 'kernelOnArp'> {
  const { plan } = base;
  const vanished = vanishedAt(base)?.hop;
  const hop = vanished?.direction === 'in' ? vanished : null;
  const open = openQuestion(base);
  if (hop === null)
    return {
      kernel: null,
      kernelOnAnswer: null,
      kernelOnArp: open && routeAnswer(run, open.owner, { to: open.address, from: open.source, iif: open.iface }),
    };
  const { node, src, dst } = hop;
  const iif = nodeOf(plan, node).bridge ? 'br0' : hop.iface;
  const to = translatedBack(base, node, dst.ip)?.source.ip ?? dst.ip;
  return {
    kernel: routeAnswer(run, node, { to, from: src.ip, iif }),
    kernelOnAnswer: routeAnswer(run, node, { to: broughtBy(hop, plan).src.ip }),
    kernelOnArp: open && routeAnswer(run, open.owner, { to: open.address, from: open.source, iif: open.iface }),
  };
}

/** Like `ip route get`. */
function routeAnswer(
  { network }: Run,
  node: string,
  { to, from = '', iif }: { to: string; from?: string; iif?: string },
): RouteAnswer {
  const host = network.hosts.get(node)!;
  const device = iif === undefined ? undefined : host.devices.get(iif);
  if (iif !== undefined && device === undefined) return 'routed';
  const route = host.owned.has(to)
    ? 'local'
    : (lookUp(host, to, from) ?? (from === '' ? null : balancedRoute(host, { src: from, dst: to })));
  if (route === null) return 'no-route';
  if (device === undefined) return 'routed';
  // IPv6 looks for a route also without forwarding.
  if (route !== 'local' && !to.includes(':') && !device.settings.forwarding.v4) return 'no-route';
  const verdict = validateSource(host, device, { src: from, dst: to });
  if (verdict.accepted) return 'routed';
  return verdict.code === 'own-address-as-source' ? 'source-refused' : 'reverse-path';
}

function healthyServers(
  { network, isUp }: Run,
  { plan, flow, packets }: Pick<Evidence, 'plan' | 'flow' | 'packets'>,
): string[] | null {
  const service = serviceOf(plan, flow);
  if (service === undefined) return null;
  const asked = receivingL4s(plan, service, packets).map((l4) => network.hosts.get(l4)!);
  return service.pool
    .map(({ node }) => node)
    .filter((name) =>
      asked.some((host) => {
        const own = host.plan.balancer?.config.services.find((one) => one.name === service.name);
        const server = own?.servers.find((one) => one.name === name);
        return own === undefined || server === undefined || isUp(host, own, server);
      }),
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
