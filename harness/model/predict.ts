import { vlanMismatchTo } from '../scenario/vlan-mismatch.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { cause, type Cause, type CauseCode } from '../terms/cause.ts';
import { type Finding, finding } from '../terms/finding.ts';
import { showsMss } from '../terms/mss.ts';
import { callsOf, newQuestionOf, questionOf, staleAnswer } from '../terms/by-name.ts';
import { cutOnPath } from '../scenario/mac-behind-port.ts';
import { cannotReply, nodeWithMac } from '../scenario/lookup.ts';
import { answersTo } from './name-answers.ts';
import { explore } from './simulation/choices.ts';
import { firstAnswer, firstRequest } from './simulation/exchange.ts';
import { isRequest } from './simulation/packet.ts';
import type { Packet } from './simulation/packet.ts';
import type { End, Run } from './simulation/run.ts';
import { repeatUntilSettled } from './repetition.ts';
import { changesPaths, stateAfterRuns, simulateFrom, startsOf, type Start } from './start.ts';
import { networkOf } from './simulation/network.ts';
import { crossed, hops } from './simulation/trace.ts';
import type { Hop, Prediction } from '../terms/walk.ts';

/**
 * Predicts a flow: one alternative for every server that the load balancer may select (in pool order), and for every
 * neighbour whose ARP reply may come first; more if the result depends on earlier health checks or on the preceding
 * flow.
 */
export function predict(plan: Plan, flow: FlowPlan): Prediction[] {
  const starts = startsOf(plan, flow);
  const all = [...predictions(plan, flow, starts)];
  if (starts.length === 1 && flow.repeat === 1 && flow.byName === undefined) return all;
  return [...new Map(all.map((item) => [JSON.stringify(item), item])).values()];
}

/**
 * The same lazily, possibly with duplicates: a pool of sixty servers has sixty alternatives, and often the first one
 * suffices.
 */
export function* predictions(plan: Plan, flow: FlowPlan, starts = startsOf(plan, flow)): Generator<Prediction> {
  const question = questionOf(flow);
  if (question !== null) yield* ofAttempts(plan, question, starts, (run) => afterQuestion(plan, flow, run));
  else if (flow.byName === undefined) yield* ofAttempts(plan, flow, starts, (run) => [predictionOf(run)]);
  else yield* ofAttempts(plan, callsOf(flow)[0]!, starts, (run) => withCachedAnswer(plan, flow, run));
}

/** If an attempt makes nodes learn another path, later attempts use it. */
function* ofAttempts(
  plan: Plan,
  flow: FlowPlan,
  starts: Start[],
  outcomesOf: (run: Run) => Iterable<Prediction>,
): Generator<Prediction> {
  const from = (start: Start): Generator<Run> =>
    explore((choices) => simulateFrom(networkOf(plan), flow, start, { choices }));
  const learned: Start[] = [];
  for (const start of starts) {
    for (const run of from(start)) {
      yield* outcomesOf(run);
      if (flow.repeat > 1 && changesPaths(run)) learned.push(stateAfterRuns(start, [run]));
    }
  }
  for (const start of learned) for (const run of from(start)) yield* outcomesOf(run);
}

/** The calls after a question: one for each address that may be first in an answer, or none without an address. */
function* afterQuestion(plan: Plan, flow: FlowPlan, run: Run): Generator<Prediction> {
  const { name, server } = flow.byName!;
  const asked = predictionOf(run);
  const { request, reply, findings } = asked;
  const withoutCall = (why: Cause): Prediction => {
    const nobody = { servedBy: null, sourceSeen: null, findings: [], request: [], reply: [] };
    const question = { name, server, request, reply, addresses: [] };
    return { ...asked, ...nobody, outcome: 'fails', cause: why, question };
  };
  if (asked.cause !== null) {
    yield withoutCall(asked.cause);
    return;
  }
  const left = stateAfterRuns(run.before, [run]);
  for (const answer of answersTo(plan, flow.byName!, asked.sourceSeen!)) {
    if ('cause' in answer) yield withoutCall(answer.cause);
    else
      for (const address of answer.addresses) {
        const others = answer.addresses.filter((other) => other !== address);
        const question = { name, server, request, reply, addresses: [address, ...others] };
        const call = callsOf(flow).find((one) => one.address === address)!;
        for (const called of predictions(plan, call, [left]))
          yield { ...called, findings: [...findings, ...called.findings], question };
      }
  }
}

/** A call with a cached answer: if it fails, a new query shows whether the answer is outdated. */
function* withCachedAnswer(plan: Plan, flow: FlowPlan, run: Run): Generator<Prediction> {
  const byName = flow.byName!;
  const { name, server, cached } = byName;
  const called = predictionOf(run);
  const question = { name, server, request: [], reply: [], addresses: [cached!.address], ageS: cached!.ageS };
  const why = called.cause;
  if (why === null) {
    yield { ...called, question };
    return;
  }
  const left = stateAfterRuns(run.before, [run]);
  for (const asked of ofAttempts(plan, newQuestionOf(flow)!, [left], (later) => [predictionOf(later)])) {
    const answers = asked.cause === null ? answersTo(plan, byName, asked.sourceSeen!) : [];
    for (const answer of answers.length === 0 ? [{ addresses: [] }] : answers) {
      const addresses = 'addresses' in answer ? answer.addresses : [];
      yield { ...called, cause: staleAnswer(flow.from, byName, why, addresses) ?? why, question };
    }
  }
}

/** A loss only decides if no node learns from it what would let a retransmission through. */
export function predictionOf(run: Run, timeout?: 'short'): Prediction {
  const first = prediction(run);
  if (first.outcome === 'works' || !repeatUntilSettled(run, timeout)) return first;
  const repeated = prediction(run);
  return { ...repeated, findings: [...repeated.findings, finding('slow-start', { node: run.exchange.flow.from })] };
}

function prediction(run: Run): Prediction {
  const { exchange } = run;
  const works = exchange.answered;
  const choice = exchange.service === null ? undefined : run.picked.get(exchange.service.name);
  const why = works ? null : ofBoth(run, causeOf(run));
  return {
    l4: choice?.l4 ?? null,
    picked: choice?.server ?? null,
    outcome: works ? 'works' : 'fails',
    cause: why,
    servedBy: exchange.served?.node ?? null,
    sourceSeen: exchange.served?.source ?? null,
    findings: works ? findingsOf(run) : [],
    request: path(run, firstRequest(exchange)),
    // In an accepted connection the request counts, and it has no reply.
    reply: why?.code === 'no-response' ? [] : path(run, firstAnswer(exchange)),
  };
}

/** If several nodes have an address that packets went to, this is the cause. */
function ofBoth({ sharedHops, circumstances: { shared } }: Run, why: Cause): Cause {
  const [address] = sharedHops;
  if (address === undefined) return why;
  return cause('split-brain', 'two-masters', { node: why.node, address, masters: shared.get(address)! });
}

const REFUSALS: CauseCode[] = ['refused', 'no-server-available'];

/** The first packet that did not arrive decides; not an ACK with data after it, which acknowledges the same. */
function causeOf(run: Run): Cause {
  const { from: node, address } = run.exchange.flow;
  const called = { node, address };
  const hasData = run.exchange.sent.some(({ step }) => step === 'request');
  for (const { id, step } of run.exchange.sent) {
    if (run.exchange.repeated.has(id) || (step === 'ack' && hasData)) continue;
    const end = run.ends.get(id);
    if (end === undefined) return cause('unexplained', 'never-ends', called);
    if (end.fate === 'died' && end.cause !== null) {
      if (REFUSALS.includes(end.cause.code)) return lostRefusal(run) ?? end.cause;
      return tooBigErrorLost(run, id) ?? end.cause;
    }
    if (end.fate === 'unwanted') return misdelivery(run, end);
  }
  const unanswered = run.exchange.sent
    .flatMap(({ id }) => run.ends.get(id) ?? [])
    .find((end) => isUnanswered(run, end));
  if (unanswered) return cause('no-response', 'response-missing', { node: unanswered.node, address });
  // A node that received it and does not answer is where it ended.
  const [silent] = firstAnswer(run.exchange) === null ? run.exchange.sent.map(({ id }) => run.ends.get(id)) : [];
  return cause('unexplained', 'reply-missing', { ...called, node: silent?.node ?? node });
}

/** Whether a packet reached a program that does not reply: it is paused, or lacks the address that it replies from. */
function isUnanswered({ network, circumstances }: Run, { node, packet: { protocol, dst, dstPort } }: End): boolean {
  return (
    circumstances.paused.has(node) ||
    cannotReply(network.hosts.get(node)!.plan, { protocol, address: dst, port: dstPort })
  );
}

/**
 * A refusal that never reaches the caller does not count: its own loss decides. An ICMP error counts once it has left its
 * node, because nothing retransmits it and few callers handle it.
 */
function lostRefusal(run: Run): Cause | null {
  const { exchange, ends } = run;
  const answer = firstAnswer(exchange);
  if (answer?.step !== 'reset' && answer?.step !== 'error') return null;
  const end = ends.get(answer.id);
  if (end === undefined || (answer.step === 'error' && end.packet.trace !== null)) return null;
  // Refused by another node in turn, it is no less a refusal.
  if (end.fate === 'died' && REFUSALS.includes(end.cause!.code)) return null;
  return end.fate === 'unwanted' ? misdelivery(run, end) : end.cause;
}

/** TCP sends smaller segments after the message 'too big': if that message is lost, its loss is the cause. */
function tooBigErrorLost({ exchange, ends }: Run, id: number): Cause | null {
  if (exchange.protocol !== 'tcp') return null;
  const tooBig = [...ends.values()].find(
    ({ packet: { about, icmpType } }) => icmpType === 'too-big' && about?.id === id,
  );
  return tooBig?.cause?.code === 'filtered' ? tooBig.cause : null;
}

function misdelivery({ network: { plan } }: Run, { packet: { misdirected, dst: address, trace }, node }: End): Cause {
  const came = trace?.hop;
  // A link that is down on the path: its switch forgets the MACs behind the port, but a remote switch may still know them.
  const cut = came && misdirected?.isOutdated !== false ? cutOnPath(plan, came, came.dst.mac) : null;
  if (cut) return cause('no-neighbour', 'peer-down', { ...cut, address });
  if (misdirected === undefined) {
    const mismatch = came && vlanMismatchTo(plan, { srcMac: came.src.mac, dstMac: came.dst.mac });
    return mismatch ?? cause('unexplained', 'frame-unclaimed', { node, address });
  }
  const { bridge, mac, port, isOutdated } = misdirected;
  const owner = nodeWithMac(plan, mac)?.name ?? mac;
  return isOutdated
    ? cause('stale-mac', 'port-outdated', { node: bridge, owner, port, address })
    : cause('mac-moved', 'mac-on-wrong-port', { node: bridge, owner, port, address });
}

function path({ ends, network: { plan } }: Run, packet: Packet | null): Hop[] {
  return packet === null ? [] : hops(ends.get(packet.id)?.packet.trace ?? null, showsMss(plan));
}

function findingsOf(run: Run): Finding[] {
  // A node with two interfaces on a link replies on both.
  const twoOwners = run.conflictingAnswers.filter(({ owners }) => owners.length > 1);
  return [...detours(run), ...twoOwners.map((params) => finding('two-owners', params))];
}

/** The two kinds of replies that a caller may wrongly accept as normal. */
function detours({ exchange, ends, picked }: Run): Finding[] {
  const { service, flow, served, repeated } = exchange;
  const sent = exchange.sent.filter(({ id }) => !repeated.has(id));
  if (service === null || served === null) return [];
  // An L4 that balances its own calls may pick itself.
  if (served.node === flow.from && picked.get(service.name)?.server === flow.from) return [];
  if (served.node === flow.from && sent.every(({ id }) => staysHome(ends.get(id)?.packet)))
    return [finding('answered-by-itself', { node: flow.from, address: flow.address })];
  const requests = sent.filter(({ step }) => isRequest(step)).map(({ id }) => ends.get(id)?.packet.trace ?? null);
  const isBalanced = (trace: Packet['trace']): boolean => service.l4s.some(({ node }) => crossed(trace, node));
  if (requests.every(isBalanced)) return [];
  return [finding('l4-bypassed', { service: service.name, l4s: service.l4s.map(({ node }) => node) })];
}

function staysHome(packet: Packet | undefined): boolean {
  return packet === undefined || hops(packet.trace, false).every(({ iface }) => iface === 'lo');
}
