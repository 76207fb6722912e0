import { cause, type Cause } from '../../harness/terms/cause.ts';
import type { ActionPlan, Plan, StreamExpectation, StreamPlan } from '../../harness/terms/plan.ts';
import type { Reason } from '../../harness/terms/reason.ts';
import type { FlowResult, Results, ScenarioResult, VariantResult } from '../../harness/terms/results.ts';
import type { Attempt } from '../../harness/terms/attempt.ts';
import type {
  CallResult,
  ConnectionsSummary,
  Outage,
  StateBand,
  StreamResult,
  StreamSummary,
  TimelineResult,
} from '../../harness/terms/timeline-results.ts';
import type { PredictedOutage, StreamPrediction } from '../../harness/terms/stream-prediction.ts';
import type { Hop, Prediction, Walk } from '../../harness/terms/walk.ts';
import { randomFrom } from './sample-attempt.ts';
import { PROXY_IP, WEB } from './sample-cases.ts';
import { samplePlan } from './sample-labs.ts';
import { hopsAlong, sightings } from './sample-packets.ts';
import { sampleResults } from './sample-results.ts';

const FILE = 'scenarios/time/failover.yaml';
const EPOCH_MS = 1_795_305_600_000;
const CLIENT = '198.51.100.10';
const SERVERS = ['s1', 's2', 's3'];
const TIMEOUT_MS = 900;
const CONNECTIONS = 10;
const SESSION_EVERY_MS = 100;
const FAILOVER_MS = 650;
const STEPS = ['calm', 'l4a-dies', 'l4a-is-back'] as const;

/**
 * Results of one scenario with steps: a member of a pair dies and comes back. One variant recovers, the other
 * has no gratuitous ARP. Equal on every call.
 * @param options.calls minimum number of calls of the stream of new connections: steps last as long as these take
 */
export function timelineResults({ calls = 300 }: { calls?: number } = {}): Results {
  const variants = [true, false].map((gratuitousArp, index) => variantOf(gratuitousArp, index, calls));
  const scenario: ScenarioResult = {
    name: 'failover',
    title: 'One of two L4s dies and comes back',
    description: 'The VIP and the proxy IP move with VRRP. Who still sends to the dead one, and for how long?',
    file: FILE,
    lab: 'pair',
    sources: [],
    flows: STEPS.flatMap((step, s) =>
      ['calls', 'session'].map((stream, i) => ({
        name: `${step}.${stream}`,
        title: stream,
        at: { file: FILE, line: 20 + s * 8 + i, col: 7 },
      })),
    ),
    variants,
  };
  return { ...sampleResults(), durationMs: 9_300, scenarios: [scenario] };
}

/** Times of events, ms since the epoch. */
interface Script {
  steps: { beginMs: number; endMs: number }[];
  /** The master dies, and calls work again. */
  died: number;
  recovered: number;
  /** The member that died is master again, and calls work again. */
  returned: number;
  settled: number;
  everyMs: number;
}

function scriptOf(gratuitousArp: boolean, calls: number): Script {
  const everyMs = 20;
  // The time outside the outages is quiet.
  const calmMs = Math.max(500, (calls * everyMs - 2200) / 2);
  const died = calmMs + 48;
  const endOfSecond = died + Math.max(3200, calmMs);
  const returned = endOfSecond + 930;
  return {
    steps: [
      { beginMs: 0, endMs: calmMs },
      { beginMs: calmMs + 6, endMs: endOfSecond },
      { beginMs: endOfSecond + 7, endMs: endOfSecond + 2200 },
    ],
    died,
    recovered: died + (gratuitousArp ? FAILOVER_MS : 2_890),
    returned,
    settled: gratuitousArp ? returned : Infinity,
    everyMs,
  };
}

function variantOf(gratuitousArp: boolean, index: number, calls: number): VariantResult {
  const script = scriptOf(gratuitousArp, calls);
  const name = gratuitousArp ? 'gratuitous-arp' : 'no-gratuitous-arp';
  const plan = planOf(name, { gratuitousArp, script });
  const timeline = timelineOf(plan, script);
  return {
    name,
    title: gratuitousArp ? 'With gratuitous ARP' : 'Without gratuitous ARP',
    at: { file: FILE, line: 60 + index * 2, col: 3 },
    change: gratuitousArp ? '' : 'pairs:\n  edge:\n    gratuitousArp: false\n',
    plan,
    flows: cellsOf(plan, timeline, gratuitousArp),
    timeline,
    balancers: {},
    logs: {},
    timings: { bootMs: 1900, configureMs: 41, flowsMs: timeline.steps.at(-1)!.endMs, resetMs: 16 },
  };
}

const ACTIONS: ActionPlan[][] = [[], [{ do: 'kill', node: 'l4a' }], [{ do: 'start', node: 'l4a' }]];

function planOf(variant: string, { gratuitousArp, script }: { gratuitousArp: boolean; script: Script }): Plan {
  const calls = { from: 'client', to: 'web', timeout: `${TIMEOUT_MS}ms` };
  const reset = { connections: { reset: { atMost: CONNECTIONS } }, cause: ['connection-unknown'] };
  const plan = samplePlan('pair', {
    services: {
      web: { vip: WEB, port: 80, mode: 'proxy', proxyIp: PROXY_IP, l4: ['l4a', 'l4b'], pool: SERVERS },
    },
    pairs: { edge: { nodes: ['l4a', 'l4b'], advertMs: 200, gratuitousArp } },
    streams: {
      calls: { ...calls, every: `${script.everyMs}ms` },
      session: { ...calls, connection: 'kept', connections: CONNECTIONS, every: `${SESSION_EVERY_MS}ms` },
    },
    steps: {
      calm: { for: '500ms', expect: { calls: 'works', session: 'works' } },
      'l4a-dies': {
        title: 'l4a dies',
        do: { kill: 'l4a' },
        until: { master: 'l4b', within: '3s' },
        for: '2s',
        expect: {
          calls: {
            outage: { atLeast: '100ms', atMost: '2s', cause: ['stale-neighbour'] },
            then: { outcome: 'works', request: { crosses: ['l4b'] } },
          },
          session: reset,
        },
      },
      'l4a-is-back': {
        title: 'l4a is back',
        do: { start: 'l4a' },
        until: { master: 'l4a', within: '5s' },
        for: '1s',
        expect: { calls: 'works', session: reset },
      },
    },
  });
  return { ...plan, scenario: 'failover', variant };
}

/** Attempts that serve as examples of calls: one that works for each L4 and server, then those that fail. */
function examplesOf(lab: Plan, stream: 'calls' | 'session'): Attempt[] {
  const works = ['l4a', 'l4b'].flatMap((l4) => SERVERS.map((server) => workingCall(lab, l4, server)));
  const failures =
    stream === 'calls'
      ? [staleNeighbour(lab, 'l4a', 'l4b'), staleNeighbour(lab, 'l4b', 'l4a')].map((why) => lostCall(lab, why))
      : ['l4b', 'l4a'].map((l4) => resetCall(lab, l4));
  return [...works, ...failures].map((attempt, i) => ({ ...attempt, token: `${stream}${i}` }));
}

function staleNeighbour({ nodes }: Plan, owner: string, holder: string): Cause {
  const { mac } = nodes.find(({ name }) => name === owner)!.interfaces[0]!;
  return cause('stale-neighbour', 'neighbour-outdated', { node: 'l3', address: WEB, mac, owner, holder });
}

function attempt(lab: Plan, walk: Walk, seen: Partial<Attempt>): Attempt {
  let now = -9000;
  const clock = () => (now += 9000 + (now % 700));
  const packet = (id: number, flags: string) => ({ id, flags, seq: id * 100, ack: 0 });
  const failed = seen.cause ?? null;
  const packets = [
    ...sightings(walk.request, packet(1, failed?.code === 'connection-unknown' ? 'PA' : 'S'), clock),
    ...sightings(walk.reply, packet(2, failed === null ? 'SA' : 'R'), clock),
  ];
  return {
    token: '',
    outcome: failed === null ? 'works' : 'fails',
    client: '200',
    cause: failed,
    findings: [],
    servedBy: null,
    sentAgainMs: null,
    l4: null,
    picked: null,
    sourceSeen: null,
    observed: walk,
    packets,
    epoch: `${EPOCH_MS}000000`,
    macTables: {},
    counters: {},
    durationMs: failed === null ? 3.1 : TIMEOUT_MS,
    ...seen,
  };
}

const ENDS = { src: CLIENT, dst: WEB, srcPort: 40_112, dstPort: 80 };

function workingWalk({ nodes }: Plan, l4: string, server: string): Walk {
  const address = `203.0.113.1${server.slice(1)}`;
  const there = { path: ['client', 'l3', 'l2', l4, 'l2', server], rewrites: { [l4]: { src: PROXY_IP, dst: address } } };
  const back = { path: there.path.toReversed(), rewrites: { [l4]: { src: WEB, dst: CLIENT } } };
  return {
    request: hopsAlong(nodes, there, ENDS),
    reply: hopsAlong(nodes, back, { src: address, dst: PROXY_IP, srcPort: 80, dstPort: ENDS.srcPort }),
  };
}

function workingCall(lab: Plan, l4: string, server: string): Attempt {
  const served = { servedBy: server, picked: server, l4, sourceSeen: PROXY_IP };
  return attempt(lab, workingWalk(lab, l4, server), served);
}

/** The L3 sends to a MAC whose node is gone, or no longer has the address. */
function lostCall(lab: Plan, why: Cause): Attempt {
  const gone = (why.detail.params as { owner: string }).owner;
  const path = ['client', 'l3', 'l2', ...(gone === 'l4a' ? [] : [gone])];
  const mac = lab.nodes.find(({ name }) => name === gone)!.interfaces[0]!.mac;
  const request = hopsAlong(lab.nodes, { path }, ENDS).map((hop): Hop => {
    if (hop.node === 'client' || hop.iface === 'client') return hop;
    const changed = hop.changed.map((change) => (change.field === 'dst mac' ? { ...change, to: mac } : change));
    return { ...hop, dst: { ...hop.dst, mac }, changed };
  });
  return attempt(lab, { request, reply: [] }, { client: 'timeout', cause: why });
}

/** A segment of an old connection arrives at an L4 that does not know it. */
function resetCall(lab: Plan, l4: string): Attempt {
  const why = cause('connection-unknown', 'state-missing', { node: l4, source: CLIENT, destination: WEB });
  const path = ['client', 'l3', 'l2', l4];
  const request = hopsAlong(lab.nodes, { path }, ENDS);
  const answer = { src: WEB, dst: CLIENT, srcPort: 80, dstPort: ENDS.srcPort };
  const reply = hopsAlong(lab.nodes, { path: path.toReversed() }, answer);
  return attempt(lab, { request, reply }, { client: 'ECONNRESET', cause: why, durationMs: 700 });
}

function timelineOf(lab: Plan, script: Script): TimelineResult {
  const random = randomFrom(22);
  const { steps } = script;
  return {
    epoch: `${EPOCH_MS}000000`,
    steps: STEPS.map((name, s) => ({
      name,
      title: ['calm', 'l4a dies', 'l4a is back'][s]!,
      at: { file: FILE, line: 17 + s * 8, col: 5 },
      ...steps[s]!,
      actions: ACTIONS[s]!.map((action) => ({
        action,
        beginMs: steps[s]!.beginMs,
        endMs: steps[s]!.beginMs + (action.do === 'kill' ? 42 : 610),
      })),
    })),
    streams: [
      { ...describe('calls', 'new'), calls: newCalls(script, random), examples: examplesOf(lab, 'calls') },
      { ...describe('session', 'kept'), calls: keptCalls(script, random), examples: examplesOf(lab, 'session') },
    ],
    bands: bandsOf(script),
  };
}

function describe(name: string, connection: StreamPlan['connection']): Omit<StreamResult, 'calls' | 'examples'> {
  return { name, from: 'client', to: `web (${WEB}:80)`, protocol: 'tcp', connection };
}

/** The step at a time; null between steps, when no call begins. */
function stepAt({ steps }: Script, ms: number): number | null {
  const step = steps.findIndex(({ beginMs, endMs }) => ms >= beginMs && ms < endMs);
  return step === -1 ? null : step;
}

function times(from: number, to: number, everyMs: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / everyMs) }, (_, i) => from + i * everyMs);
}

/** Whether there is an outage at that time. */
function isOut({ died, recovered, returned, settled }: Script, ms: number): boolean {
  return (ms >= died && ms < recovered) || (ms >= returned && ms < settled);
}

function worked(
  step: number,
  beginMs: number,
  { l4, pick, random }: { l4: string; pick: number; random: () => number },
) {
  return {
    step,
    beginMs,
    endMs: beginMs + 1.2 + random() * 3,
    outcome: 'works',
    client: '200',
    servedBy: SERVERS[pick]!,
    l4,
    cause: null,
    example: (l4 === 'l4a' ? 0 : 3) + pick,
  } satisfies CallResult;
}

const masterAt = ({ died, returned }: Script, ms: number) => (ms < died || ms >= returned ? 'l4a' : 'l4b');

function newCalls(script: Script, random: () => number): CallResult[] {
  const end = script.steps.at(-1)!.endMs;
  return times(3, end, script.everyMs).flatMap((beginMs, i): CallResult[] => {
    const step = stepAt(script, beginMs);
    if (step === null) return [];
    if (!isOut(script, beginMs)) return [worked(step, beginMs, { l4: masterAt(script, beginMs), pick: i % 3, random })];
    const endMs = beginMs + TIMEOUT_MS;
    const lost = { outcome: 'fails', client: 'timeout', servedBy: null, l4: null } as const;
    const stale = { code: 'stale-neighbour', node: 'l3' } as const;
    return [{ step, beginMs, endMs, ...lost, cause: stale, example: beginMs < script.returned ? 6 : 7 }];
  });
}

/** Each connection is reset when its L4 changes, and reopened. */
function keptCalls(script: Script, random: () => number): CallResult[] {
  const end = script.steps.at(-1)!.endMs;
  let opened = CONNECTIONS;
  const calls = Array.from({ length: CONNECTIONS }, (_, c) => {
    let connection = c;
    let busyUntil = 0;
    return times(5 + c * 9, end, SESSION_EVERY_MS).flatMap((beginMs): CallResult[] => {
      const step = stepAt(script, beginMs);
      if (step === null || beginMs < busyUntil) return [];
      const change = [script.died, script.returned].find((ms) => beginMs >= ms && beginMs < ms + SESSION_EVERY_MS);
      if (change === undefined && !isOut(script, beginMs)) {
        const l4 = masterAt(script, beginMs);
        return [{ ...worked(step, beginMs, { l4, pick: connection % 3, random }), connection }];
      }
      const back = change === script.returned ? script.settled : script.recovered;
      const endMs = Math.min(Math.max(back, beginMs) + 40 + random() * 160, end);
      busyUntil = endMs;
      const l4 = change === script.returned ? 'l4a' : 'l4b';
      const failed: CallResult = {
        step,
        connection,
        beginMs,
        endMs,
        outcome: 'fails',
        client: 'ECONNRESET',
        servedBy: null,
        l4: null,
        cause: { code: 'connection-unknown', node: l4 },
        example: l4 === 'l4b' ? 6 : 7,
      };
      connection = opened++;
      return [failed];
    });
  });
  return calls.flat().sort((a, b) => a.beginMs - b.beginMs);
}

function bandsOf({ steps, died, returned }: Script): StateBand[] {
  const started = steps[2]!.beginMs + 610;
  const member = (node: string, spans: StateBand['spans']): StateBand => ({
    of: { kind: 'member', pair: 'edge', node },
    spans,
  });
  const server = (at: string, name: string, spans: StateBand['spans']): StateBand => ({
    of: { kind: 'server', service: 'web', server: name, at },
    spans,
  });
  return [
    member('l4a', [
      { fromMs: 0, state: 'master' },
      { fromMs: died, state: 'fault' },
      { fromMs: started, state: 'backup' },
      { fromMs: returned, state: 'master' },
    ]),
    member('l4b', [
      { fromMs: 0, state: 'backup' },
      { fromMs: died + FAILOVER_MS - 12, state: 'master' },
      { fromMs: returned, state: 'backup' },
    ]),
    ...SERVERS.map((name, i) =>
      server('l4a', name, [
        { fromMs: 0, state: 'up' },
        { fromMs: died, state: 'off' },
        { fromMs: started, state: 'down' },
        { fromMs: started + 80 + i * 15, state: 'up' },
      ]),
    ),
    ...SERVERS.map((name) => server('l4b', name, [{ fromMs: 0, state: 'up' }])),
    {
      of: { kind: 'node', node: 'l4a' },
      spans: [
        { fromMs: 0, state: 'up' },
        { fromMs: died, state: 'off' },
        { fromMs: started, state: 'up' },
      ],
    },
  ];
}

function cellsOf(plan: Plan, timeline: TimelineResult, gratuitousArp: boolean): FlowResult[] {
  return STEPS.flatMap((step, s) =>
    timeline.streams.map((stream, i): FlowResult => {
      const calls = stream.calls.filter((call) => call.step === s);
      const summary = summaryOf(stream, calls, timeline.steps[s]!);
      const { expect: expected } = plan.timeline!.steps[s]!.expect.find((one) => one.stream === stream.name)!;
      const why = summary.causes[0]?.cause ?? null;
      const reasons = reasonsOf(expected, summary);
      const predicted = predictionOf(plan, { stream: stream.name, step: s, gratuitousArp });
      return {
        name: `${step}.${stream.name}`,
        stream: { stream: stream.name, step, summary, predicted },
        protocol: 'tcp',
        from: 'client',
        to: stream.to,
        at: { file: FILE, line: 20 + s * 8 + i, col: 7 },
        expected,
        verdict: reasons.length === 0 ? 'pass' : 'fail',
        reasons,
        outcome: summary.failed === 0 ? 'works' : 'fails',
        cause: why,
        findings: [],
        predicted: predicted.settled ?? [],
        disagreement: null,
        counterfactuals: [],
        attempts: [...new Set(calls.map(({ example }) => example))].map((example) => stream.examples[example]!),
        controls: [],
        rerun: `npx l4lab run failover --variant ${plan.variant}`,
        durationMs: timeline.steps[s]!.endMs - timeline.steps[s]!.beginMs,
      };
    }),
  );
}

function reasonsOf(expected: StreamExpectation, { calls, failed, outage, causes }: StreamSummary): Reason[] {
  const why = causes[0]?.cause ?? null;
  if (expected.outcome === 'works' && failed > 0)
    return [{ code: 'expected-to-work', params: { failed, attempts: calls, cause: why } }];
  const atMostMs = expected.outcome === 'interrupted' ? expected.outage.atMostMs : undefined;
  if (outage === null || atMostMs === undefined || outage.ms <= atMostMs) return [];
  return [{ code: 'outage-too-long', params: { ms: outage.ms, atMostMs, cause: why } }];
}

function summaryOf(stream: StreamResult, calls: CallResult[], step: { beginMs: number; endMs: number }): StreamSummary {
  const failed = calls.filter(({ outcome }) => outcome === 'fails');
  const kinds = [...new Set(failed.map(({ example }) => example))];
  return {
    calls: calls.length,
    failed: failed.length,
    outage: outageOf(calls, step),
    causes: kinds.map((example) => ({
      cause: stream.examples[example]!.cause!,
      calls: failed.filter((call) => call.example === example).length,
      example,
    })),
    servedBy: tally(calls.map(({ servedBy }) => servedBy)),
    l4: tally(calls.map(({ l4 }) => l4)),
    ...(stream.connection === 'kept' ? { connections: connectionsOf(calls) } : {}),
  };
}

function outageOf(calls: CallResult[], { beginMs, endMs }: { beginMs: number; endMs: number }): Outage | null {
  const first = calls.find(({ outcome }) => outcome === 'fails');
  if (!first) return null;
  const works = calls.filter(({ outcome }) => outcome === 'works');
  const before = works.filter((call) => call.beginMs < first.beginMs).map((call) => call.endMs);
  const fromMs = Math.max(beginMs, ...before);
  const after = works.filter((call) => call.beginMs > first.beginMs).map((call) => call.endMs);
  const toMs = after.length === 0 ? null : Math.min(...after);
  return { fromMs, toMs, ms: (toMs ?? endMs) - fromMs };
}

function connectionsOf(calls: CallResult[]): ConnectionsSummary {
  const reset = calls.filter(({ outcome }) => outcome === 'fails').length;
  const longestStallMs = Math.max(...calls.map(({ beginMs, endMs }) => endMs - beginMs));
  return { survived: CONNECTIONS - reset, reset, stalled: 0, longestStallMs, lostBytes: reset * 74 };
}

function tally(names: (string | null)[]): Record<string, number> {
  const known = names.filter((name) => name !== null);
  return Object.fromEntries([...new Set(known)].sort().map((name) => [name, known.filter((n) => n === name).length]));
}

function predictionOf(
  plan: Plan,
  { stream, step, gratuitousArp }: { stream: string; step: number; gratuitousArp: boolean },
): StreamPrediction {
  const l4 = step === 1 ? 'l4b' : 'l4a';
  const settled = SERVERS.map((server): Prediction => ({
    ...workingWalk(plan, l4, server),
    l4,
    picked: server,
    outcome: 'works',
    cause: null,
    servedBy: server,
    sourceSeen: PROXY_IP,
    findings: [],
  }));
  const stale = { code: 'stale-neighbour', node: 'l3' } as const;
  const masterDown = { code: 'master-down', params: { pair: 'edge', advertMs: 200, ms: 722 } } as const;
  const ages = { code: 'neighbour-ages', params: { node: 'l3', ms: 3000 } } as const;
  const outage: PredictedOutage | null =
    step === 0 || (step === 2 && gratuitousArp)
      ? null
      : {
          causes: [stale],
          atMostMs: gratuitousArp ? 722 : 3722,
          bounds: [...(step === 1 ? [masterDown] : []), ...(gratuitousArp ? [] : [ages])],
        };
  const lost = { survive: 'none', cause: { code: 'connection-unknown', node: l4 } } as const;
  return {
    settled,
    outage,
    connections: stream === 'calls' ? null : step === 0 ? { survive: 'all', cause: null } : lost,
    unknown:
      stream === 'calls' && step === 2 && gratuitousArp
        ? [{ code: 'holder-unknown', params: { address: WEB, nodes: ['l4a', 'l4b'] } }]
        : [],
  };
}
