import type { Cause } from '../terms/cause.ts';
import fc from 'fast-check';
import type { ObservedCall } from '../observe/stream-calls.ts';
import { predict } from '../model/predict.ts';
import { mac } from '../model/testing/lab-builder.ts';
import { VIP_A } from '../model/testing/labs.ts';
import { planAt } from '../scenario/plan-at.ts';
import type { StateBand } from '../terms/timeline-results.ts';
import type { StreamExpectation, StreamPlan } from '../terms/plan.ts';
import type { StreamPrediction, Unknown } from '../terms/stream-prediction.ts';
import type { Prediction } from '../terms/walk.ts';
import { arp, icmp } from './testing/evidence.ts';
import { judgeStream, type JudgedStream, type StreamToJudge } from './stream.ts';
import {
  throughOther,
  FLOW,
  observedCall,
  pairLab,
  sighting,
  STREAM,
  upTo,
  predictedPath,
  withoutPairs,
} from './testing/over-time.ts';

const plan = pairLab('proxy', [[{ do: 'kill', node: 'l4' }], []]);
/** Where nothing happens. */
const calm = pairLab('proxy', [[]]);
const first = predictedPath(plan);
const other = throughOther(plan, first);
const lost = upTo(first, 'l2');

const NOTHING_KNOWN: StreamPrediction = { settled: null, outage: null, connections: null, unknown: [] };
const FAILOVER: StreamPrediction = {
  ...NOTHING_KNOWN,
  outage: { causes: [{ code: 'stale-neighbour', node: 'l3' }], atMostMs: null, bounds: [] },
};
const WORKS = { outcome: 'works' } as const;

/** A call every 20 ms of a second; those that begin in the outage are lost, later ones go by the other L4. */
function failover(outage: { from: number; to: number }): ObservedCall[] {
  return Array.from({ length: 50 }, (_, index) => {
    const at = index * 20;
    if (at >= outage.from && at < outage.to) return observedCall({ at, walk: lost, outcome: 'timeout' });
    return observedCall({ at, walk: at < outage.to ? first : other });
  });
}

function judge(calls: ObservedCall[], expect: StreamExpectation, more: Partial<StreamToJudge> = {}): JudgedStream {
  const time = { epoch: '0', beginMs: 0, actedMs: 2, settledMs: 2, endMs: 1000 };
  const asked = {
    plan,
    stream: STREAM,
    step: 0,
    expect,
    calls,
    bands: [],
    predicted: FAILOVER,
    addressesWithTwoMacs: new Set<string>(),
    time,
    examplesBefore: 0,
  };
  return judgeStream({ ...asked, ...more });
}

const codes = ({ reasons }: JudgedStream): string[] => reasons.map(({ code }) => code);

test('a stream is summed up: how many calls failed, why, for how long, and who served the others', () => {
  const { summary, calls, examples } = judge(failover({ from: 200, to: 600 }), WORKS);
  expect(summary).toEqual({
    calls: 50,
    failed: 20,
    outage: { fromMs: 181, toMs: 601, ms: 420 },
    causes: [{ cause: summary.causes[0]!.cause, calls: 20, example: 1 }],
    servedBy: { s2: 30 },
    l4: { l4: 10, l4b: 20 },
  });
  expect(summary.causes[0]!.cause).toMatchObject({ code: 'stale-neighbour', node: 'l3' });
  expect(examples.map(({ outcome, l4 }) => [outcome, l4])).toEqual([
    ['works', 'l4'],
    ['fails', null],
    ['works', 'l4b'],
  ]);
  expect(calls[10]).toEqual({
    step: 0,
    beginMs: 200,
    endMs: 1100,
    outcome: 'fails',
    client: 'timeout',
    servedBy: null,
    l4: null,
    cause: { code: 'stale-neighbour', node: 'l3' },
    example: 1,
  });
});

test('a call begins and ends when its packets left the caller and came back, by the clock of the captures', () => {
  const packets = [
    sighting(10.5, ['client', 'out', 'l3'], { flags: 'S' }),
    sighting(12.25, ['client', 'in', 'l3'], { flags: 'PA' }, 'l4lab-00000010'),
  ];
  const { calls } = judge([observedCall({ at: 10, took: 30, walk: first, packets })], WORKS);
  expect(calls).toMatchObject([{ beginMs: 10.5, endMs: 12.25 }]);
});

describe('a stream expected to work', () => {
  test('passes if every call works, fails if one does not', () => {
    expect(judge(failover({ from: 0, to: 0 }), WORKS).verdict).toBe('pass');
    const judged = judge(failover({ from: 200, to: 220 }), WORKS);
    expect(judged.verdict).toBe('fail');
    expect(judged.reasons).toMatchObject([{ code: 'expected-to-work', params: { failed: 1, attempts: 50 } }]);
  });

  test('is judged from when the awaited state is reached', () => {
    const calls = failover({ from: 300, to: 300 });
    const expected: StreamExpectation = { ...WORKS, request: { crosses: ['l4b'] } };
    const time = { epoch: '0', beginMs: 0, actedMs: 2, settledMs: 310, endMs: 1000 };
    expect(judge(calls, expected, { time }).verdict).toBe('pass');
    expect(codes(judge(calls, expected))).toEqual(['not-crossed']);
  });

  test('has a finding of the step, from any of its calls', () => {
    const expected: StreamExpectation = { ...WORKS, findings: ['two-owners'] };
    const calls = failover({ from: 0, to: 0 });
    expect(codes(judge(calls, expected))).toEqual(['finding-missing']);
    expect(codes(judge(calls, expected, { addressesWithTwoMacs: new Set(['203.0.113.1']) }))).toEqual([
      'finding-missing',
    ]);
    expect(judge(calls, expected, { addressesWithTwoMacs: new Set([VIP_A]) }).verdict).toBe('pass');
  });

  test('does not pass without calls', () => {
    expect(codes(judge([], WORKS))).toEqual(['no-calls']);
    expect(judge([], WORKS)).toMatchObject({ verdict: 'fail', outcome: null, summary: { calls: 0, outage: null } });
  });
});

test('a stream expected to fail must have its cause, once the step is settled', () => {
  const calls = failover({ from: 20, to: 2000 });
  const expected: StreamExpectation = { outcome: 'fails', cause: 'stale-neighbour', at: 'l3' };
  expect(judge(calls, expected).verdict).toBe('pass');
  expect(codes(judge(calls, { ...expected, cause: 'no-route' }))).toEqual(['other-cause']);
  const silent = calls.map((call) => ({ ...call, walk: { request: [], reply: [] } }));
  expect(judge(silent, expected).verdict).toBe('fail');
});

describe('an outage', () => {
  const interrupted = (outage: object = {}, then: StreamExpectation = WORKS): StreamExpectation =>
    ({ outcome: 'interrupted', outage, then }) as StreamExpectation;
  const calls = failover({ from: 200, to: 600 });

  test('passes within its bounds, of its causes, at its place', () => {
    const outage = { atLeastMs: 300, atMostMs: 500, causes: ['no-neighbour', 'stale-neighbour'], at: 'l3' };
    expect(
      judge(calls, interrupted(outage, { ...WORKS, request: { crosses: ['l4b'], avoids: ['l4'] } })).reasons,
    ).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    ['is too long', { atMostMs: 400 }, ['outage-too-long']],
    ['is too short', { atLeastMs: 430 }, ['outage-too-short']],
    ['has another cause', { causes: ['no-neighbour'] }, ['wrong-outage-cause']],
    ['is somewhere else', { at: 'l2' }, ['other-place']],
  ])('%s', (_, outage, reasons) => {
    expect(codes(judge(calls, interrupted(outage)))).toEqual(reasons);
  });

  test('may have no length, unless a minimum is given', () => {
    const none = failover({ from: 0, to: 0 });
    expect(judge(none, interrupted({ atMostMs: 100 })).verdict).toBe('pass');
    expect(codes(judge(none, interrupted({ atLeastMs: 10 })))).toEqual(['outage-too-short']);
  });

  test('must be over by the end of the step', () => {
    expect(codes(judge(failover({ from: 200, to: 2000 }), interrupted()))).toEqual(['outage-not-over']);
  });

  test('is reported with the cause of most of its calls, not of the first one', () => {
    const silent = calls.map((call) => (call.record.beganAt === 200 ? { ...call, walk: upTo(first, 's2') } : call));
    const { reasons } = judge(silent, interrupted({ atMostMs: 400, causes: ['stale-neighbour'] }));
    const tooLong = reasons.find(({ code }) => code === 'outage-too-long');
    expect(tooLong).toMatchObject({ params: { cause: { code: 'stale-neighbour', node: 'l3' } } });
  });

  test('must be the only one', () => {
    const twice = [
      ...failover({ from: 0, to: 40 }).slice(0, 48),
      observedCall({ at: 960, walk: lost, outcome: 'timeout' }),
    ];
    twice.push(observedCall({ at: 980, walk: other }));
    const one = { ...STREAM, to: { node: 's2' } };
    expect(codes(judge(twice, interrupted(), { stream: one }))).toEqual(['second-outage']);
  });

  test('without an explanation never passes, nor one in which nothing left the caller', () => {
    const vanished = calls.map((call) => (call.record.answered ? call : { ...call, walk: upTo(first, 's2') }));
    expect(codes(judge(vanished, interrupted(), { plan: calm }))).toContain('wrong-outage-cause');
    const silent = calls.map((call) => (call.record.answered ? call : { ...call, walk: { request: [], reply: [] } }));
    expect(codes(judge(silent, interrupted({ causes: ['stale-neighbour'] })))).toEqual(
      expect.arrayContaining(['wrong-outage-cause', 'request-not-seen']),
    );
  });

  test('what follows is judged by later calls, and may be another failure', () => {
    expect(codes(judge(calls, interrupted({}, { ...WORKS, request: { crosses: ['l4'] } })))).toEqual(['not-crossed']);
    const silentLoss = failover({ from: 200, to: 2000 });
    const then: StreamExpectation = { outcome: 'fails', cause: 'stale-neighbour' };
    expect(judge(silentLoss, interrupted({}, then)).verdict).toBe('pass');
    expect(codes(judge(silentLoss, interrupted({}, { outcome: 'fails', cause: 'no-route' })))).toContain('other-cause');
  });
});

describe('kept connections', () => {
  const stream: StreamPlan = { ...STREAM, connection: 'kept', connections: 3 };
  const on = (connection: number, at: number, more: object = {}): ObservedCall =>
    observedCall({ at, walk: first, connection, ...more });
  const calls = [
    ...[0, 1, 2].map((number) => on(number, number)),
    on(0, 20),
    on(1, 21, {
      walk: lost,
      outcome: 'ECONNRESET',
      took: 5,
      packets: [sighting(21, ['client', 'out', 'l3'], { flags: 'PA', payloadLength: 14 })],
    }),
    on(2, 22, { walk: lost, outcome: 'timeout' }),
    on(3, 40),
  ];
  const judgeKept = (expect: object, more: Partial<StreamToJudge> = {}): JudgedStream =>
    judge(calls, { outcome: 'connections', ...expect }, { stream, ...more });

  test('are counted by their fate; a reopened one does not count', () => {
    expect(judgeKept({}).summary.connections).toEqual({
      survived: 1,
      reset: 1,
      stalled: 1,
      longestStallMs: 900,
      lostBytes: 14,
    });
  });

  test('one with a late answer has survived, and its wait is reported', () => {
    const late = [on(0, 0), on(0, 20, { walk: lost, outcome: 'timeout', took: 950, servedBy: 's2' })];
    const { summary } = judge(late, { outcome: 'connections' }, { stream });
    expect(summary.connections).toMatchObject({ survived: 1, stalled: 0, longestStallMs: 950 });
  });

  describe('that wait for an answer since an earlier step', () => {
    const stalled = judge([on(0, 0), on(0, 20, { walk: lost, outcome: 'timeout' })], WORKS, { stream });
    const { waiting } = stalled;
    const [token] = [...waiting.keys()];
    const later = (more: object): JudgedStream => {
      const call = on(0, 20, { outcome: 'timeout', took: 1500, ...more });
      const time = { epoch: '0', beginMs: 1000, actedMs: 1002, settledMs: 1002, endMs: 2000 };
      const went = on(0, 1600);
      return judge(
        [call, { ...went, record: { ...went.record, step: 1 } }],
        { outcome: 'connections' },
        {
          ...{ plan, stream, step: 1, time, waiting, predicted: NOTHING_KNOWN },
        },
      );
    };

    test('fail for the cause at the time their packets were sent', () => {
      expect(waiting.size).toBe(1);
      expect(token).toBe('l4lab-00000020');
      for (const more of [{ walk: first, servedBy: 's2' }, { walk: first }, { walk: { request: [], reply: [] } }]) {
        const judged = later(more);
        expect(judged.reasons).toEqual([]);
        expect(judged.summary).toMatchObject({ failed: 1, connections: { survived: 1, longestStallMs: 1500 } });
        expect(judged.cause).toMatchObject({ code: 'stale-neighbour', node: 'l3' });
      }
    });

    test('may wait after the path is back, because TCP doubles its timeout', () => {
      const time = { epoch: '0', beginMs: 1000, actedMs: 1002, settledMs: 1002, endMs: 2000 };
      const predicted = { ...NOTHING_KNOWN, connections: { survive: 'all' as const, cause: null } };
      const of = (beginMs: number) =>
        judge(
          [on(0, beginMs, { walk: lost, outcome: 'timeout' })],
          { outcome: 'connections', survive: {} },
          { stream, step: 1, time, waiting, predicted },
        ).disagreement?.code ?? null;
      expect([of(20), of(1020)]).toEqual([null, 'connections-differ']);
    });

    test('fail for the present cause, if it is known why they stopped', () => {
      const gone = pairLab('proxy', [[{ do: 'kill', node: 'l4' }], [{ do: 'kill', node: 's2' }]]);
      const atSwitch = other.request.findLastIndex(({ node, direction }) => node === 'l2' && direction === 'in') + 1;
      const walk = { request: other.request.slice(0, atSwitch), reply: [] };
      const call = on(0, 20, { walk, outcome: 'timeout', took: 1500 });
      const { cause } = judge([call], { outcome: 'connections' }, { plan: gone, stream, step: 1, waiting });
      expect(cause).toMatchObject({ code: 'stale-neighbour', node: 'l4b' });
    });
  });

  test('one that was reset between two calls needs no request to prove it', () => {
    const listless = pairLab('proxy', [[{ do: 'stopListeners', node: 's2' }]]);
    const reset = sighting(15, ['s2', 'out', 'l2'], { flags: 'RA' });
    const walk = { request: [], reply: first.reply };
    const broken = on(0, 20, { walk, outcome: 'ECONNRESET', took: 1, packets: [reset] });
    const { reasons, cause } = judge(
      [on(0, 0), broken],
      { outcome: 'connections', reset: { atLeast: 1 } },
      { plan: listless, stream, predicted: NOTHING_KNOWN },
    );
    expect(cause).toMatchObject({ code: 'refused', node: 's2' });
    expect(reasons.map(({ code }) => code)).toEqual(['disagreement']);
  });

  test('are compared with expected numbers, waits, and causes', () => {
    const fits = { survive: { atLeast: 1 }, reset: { atMost: 1 }, stall: { atMost: 1 }, stallMs: { atMost: 900 } };
    expect(judgeKept({ ...fits, causes: ['stale-neighbour'] }).reasons).toEqual([]);
    expect(codes(judgeKept({}))).toEqual(['wrong-connections']);
    expect(codes(judgeKept({ ...fits, survive: { atLeast: 2 } }))).toEqual(['wrong-connections']);
    expect(codes(judgeKept({ ...fits, stallMs: { atMost: 800 } }))).toEqual(['wrong-stall']);
    expect(codes(judgeKept({ ...fits, causes: ['connection-unknown'] }))).toEqual(['wrong-outage-cause']);
  });

  test('differ from their prediction', () => {
    const of = (survive: 'all' | 'none' | 'some') =>
      judgeKept({}, { predicted: { ...FAILOVER, connections: { survive, cause: null } } }).disagreement?.code ?? null;
    expect([of('all'), of('none'), of('some')]).toEqual(['connections-differ', 'connections-differ', null]);
  });

  test('do not if the lab did not reach the state that the prediction starts from', () => {
    const predicted = { ...FAILOVER, connections: { survive: 'all' as const, cause: null } };
    expect(judgeKept({}, { predicted, deviates: true }).disagreement).toBeNull();
  });
});

describe('prediction and observation', () => {
  const calls = failover({ from: 200, to: 600 });
  const interrupted: StreamExpectation = { outcome: 'interrupted', outage: {}, then: WORKS };

  test('differ if calls fail for an unpredicted cause, unless they began before the actions were done', () => {
    const judged = judge(calls, interrupted, { predicted: NOTHING_KNOWN });
    expect(judged).toMatchObject({ verdict: 'fail', disagreement: { code: 'failures-differ', params: { calls: 20 } } });
    const time = { epoch: '0', beginMs: 0, actedMs: 600, settledMs: 600, endMs: 1000 };
    expect(judge(calls, interrupted, { predicted: NOTHING_KNOWN, time }).disagreement).toBeNull();
  });

  test('do not if a missing neighbour did not answer ARP', () => {
    const unanswered = failover({ from: 1000, to: 1000 }).map((call) =>
      call.record.beganAt < 200
        ? call
        : observedCall({
            at: call.record.beganAt,
            walk: upTo(first, 'l3'),
            outcome: 'timeout',
            packets: [arp(['l3', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A })],
          }),
    );
    const judged = judge(unanswered, {
      outcome: 'interrupted',
      outage: {},
      then: { outcome: 'fails', cause: 'no-neighbour' },
    });
    expect(judged.summary.causes[0]!.cause).toMatchObject({ code: 'no-neighbour', node: 'l3' });
    expect(judged.disagreement).toBeNull();
  });

  test('do not if a neighbour behind a cut link did not answer ARP', () => {
    const unanswered = failover({ from: 0, to: 1000 }).map((call) =>
      observedCall({
        at: call.record.beganAt,
        walk: upTo(first, 'l3'),
        outcome: 'timeout',
        packets: [arp(['l3', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A })],
      }),
    );
    const [way] = predict(withoutPairs(plan), FLOW);
    const detail = { code: 'peer-down' as const, params: { node: 'l2', address: VIP_A, peer: 'l4' } };
    const cut = { code: 'no-neighbour' as const, node: 'l2', detail };
    const fails: StreamExpectation = { outcome: 'fails', cause: 'no-neighbour' };
    const asked = { code: 'arp-unanswered' as const, params: { node: 'l4', address: VIP_A } };
    const of = (why: Cause): string | null => {
      const settled = [{ ...way!, outcome: 'fails' as const, cause: why }];
      return judge(unanswered, fails, { predicted: { ...NOTHING_KNOWN, settled } }).disagreement?.code ?? null;
    };
    expect(of(cut)).toBeNull();
    expect(of({ ...cut, node: 'l4', detail: asked })).toBe('failures-differ');
  });

  test('differ if calls take another path in the end', () => {
    const settled = predict(withoutPairs(plan), FLOW).filter(({ l4 }) => l4 === 'l4');
    const predicted = { ...FAILOVER, settled };
    expect(judge(calls, interrupted, { predicted }).disagreement).toEqual({
      code: 'l4-differs',
      params: { seen: 'l4b', predicted: 'l4', hop: null },
    });
    expect(
      judge(
        failover({ from: 0, to: 0 }).map((call) => ({
          ...call,
          walk: first,
          record: { ...call.record, sourceSeen: '203.0.113.254' },
        })),
        interrupted,
        { predicted },
      ).disagreement,
    ).toBeNull();
  });

  test('an ICMP error of a router does not matter: the kernel limits their rate', () => {
    const cut = pairLab('proxy', [[{ do: 'linkDown', link: ['l3', 'l2'] }]]);
    const [ended] = predict(withoutPairs(planAt(cut, 0)), FLOW);
    const calls = failover({ from: 0, to: 1000 }).map((call) => ({ ...call, walk: upTo(first, 'l3') }));
    const disagreementOf = (settled: Prediction): string | undefined =>
      judge(
        calls,
        { outcome: 'fails', cause: 'no-route' },
        { plan: cut, predicted: { ...NOTHING_KNOWN, settled: [settled] } },
      ).disagreement?.code;
    expect(ended).toMatchObject({
      cause: { code: 'no-route', node: 'l3' },
      reply: [{ node: 'l3' }, { node: 'client' }],
    });
    expect(disagreementOf(ended!)).toBeUndefined();
    expect(disagreementOf({ ...ended!, reply: [] })).toBeUndefined();
    const error = icmp([1, 'l3', 'out', 'client'], { code: 0 });
    error.frame.ip!.src = ended!.reply[0]!.src.ip;
    for (const call of calls) {
      call.walk = { ...call.walk, reply: ended!.reply };
      call.packets = [error];
    }
    expect(disagreementOf({ ...ended!, reply: [] })).toBeUndefined();
    expect(disagreementOf({ ...ended!, request: ended!.request.slice(0, 1) })).toBe('path-differs');
  });

  test('calls that began before the step was settled do not count for the settled state', () => {
    const settled = predict(withoutPairs(plan), FLOW).filter(({ l4 }) => l4 === 'l4b');
    const time = { epoch: '0', beginMs: 0, actedMs: 2, settledMs: 900, endMs: 1000 };
    const early = failover({ from: 2000, to: 2000 }).filter(({ record }) => record.beganAt < 900);
    expect(judge(early, interrupted, { predicted: { ...FAILOVER, settled }, time }).disagreement).toBeNull();
  });

  test('an unknown prediction never differs', () => {
    const unknown: Unknown[] = [{ code: 'holder-unknown', params: { address: '', nodes: [] } }];
    expect(judge(calls, interrupted, { predicted: { ...NOTHING_KNOWN, unknown } }).disagreement).toBeNull();
  });
});

describe('evidence from states over time', () => {
  const member = (node: string, spans: StateBand['spans']): StateBand => ({
    of: { kind: 'member', pair: 'edge', node },
    spans,
  });
  const arrived = [observedCall({ at: 500, walk: upTo(other, 'l4b'), outcome: 'timeout' })];
  const causeIn = (bands: StateBand[]) => judge(arrived, WORKS, { bands, plan: calm }).cause?.code;

  test('a call in flight meets a new master without its state, not a stale neighbour', () => {
    const { request, reply } = throughOther(calm, first);
    const answered = reply.slice(0, 3).map((hop) => {
      const dst = { ...hop.dst, mac: mac(calm, 'l4', 'l2') };
      return { ...hop, dst, time: 60e6, iface: hop.node === 'l2' && hop.direction === 'out' ? 'l4' : hop.iface };
    });
    const arrival = { ...answered.at(-1)!, node: 'l4', iface: 'l2', direction: 'in' as const };
    const sent = sighting(500, ['client', 'out', 'l3'], { flags: 'PA', payloadLength: 14 }, 'l4lab-00000500');
    const reset = sighting(560.2, ['l4', 'out', 'l2'], { flags: 'R' });
    const walk = { request, reply: [...answered, arrival] };
    const calls = [observedCall({ at: 500, walk, outcome: 'timeout', packets: [sent, reset] })];
    const bands = [
      member('l4', [
        { fromMs: 0, state: 'backup' },
        { fromMs: 550, state: 'master' },
      ]),
      member('l4b', [
        { fromMs: 0, state: 'master' },
        { fromMs: 551, state: 'backup' },
      ]),
    ];
    expect(judge(calls, WORKS, { bands, plan: calm }).cause).toMatchObject({ code: 'connection-unknown', node: 'l4' });
  });

  test('two masters for no longer than an advertisement are no split brain', () => {
    const l4 = member('l4', [{ fromMs: 0, state: 'master' }]);
    const lasting = member('l4b', [{ fromMs: 450, state: 'master' }]);
    const passing = member('l4b', [
      { fromMs: 450, state: 'master' },
      { fromMs: 530, state: 'backup' },
    ]);
    expect(causeIn([l4, lasting])).toBe('split-brain');
    expect(causeIn([l4, passing])).not.toBe('split-brain');
    const power: StateBand = { of: { kind: 'node', node: 'l4' }, spans: [{ fromMs: 100, state: 'off' }] };
    expect(causeIn([l4, lasting, power])).not.toBe('split-brain');
  });

  test('a load balancer that refuses has no healthy server, although it reports that a little later', () => {
    const server = (name: string): StateBand => ({
      of: { kind: 'server', service: 'a', server: name, at: 'l4b' },
      spans: [
        { fromMs: 0, state: 'up' },
        { fromMs: 1400, state: 'down' },
      ],
    });
    const reset = sighting(501, ['l4b', 'out', 'l2'], { flags: 'RA' });
    const walk = { ...upTo(other, 'l4b'), reply: [{ ...other.reply.at(-1)!, node: 'l4b' }] };
    const refused = [observedCall({ at: 500, walk, outcome: 'ECONNREFUSED', packets: [reset] })];
    const refusedIn = (bands: StateBand[]) => judge(refused, WORKS, { bands, plan: calm }).cause?.code;
    expect(refusedIn([server('s1'), server('s2')])).toBe('no-server-available');
    expect(refusedIn([server('s1')])).not.toBe('no-server-available');
    expect(causeIn([server('s1'), server('s2')])).not.toBe('no-server-available');
  });

  describe('a restarted load balancer refuses', () => {
    const restarted = pairLab('dsr', [[{ do: 'restartLb', node: 'l4b' }]]);
    const server = (name: string): StateBand => ({
      of: { kind: 'server', service: 'a', server: name, at: 'l4b' },
      spans: [
        { fromMs: 0, state: 'up' },
        { fromMs: 400, state: 'off' },
        { fromMs: 550, state: 'up' },
      ],
    });
    const time = { epoch: '0', beginMs: 0, actedMs: 600, settledMs: 600, endMs: 1000 };
    const refusedAt = (at: number, bands: StateBand[], plan = restarted, step = 0): string | undefined => {
      const reset = sighting(at + 1, ['l4b', 'out', 'l2'], { flags: 'RA' });
      reset.frame.ip!.src = VIP_A;
      const walk = { ...upTo(other, 'l4b'), reply: [{ ...other.reply.at(-1)!, node: 'l4b' }] };
      const call = observedCall({ at, walk, outcome: 'ECONNREFUSED', packets: [reset] });
      return judge([call], WORKS, { bands, plan, step, time }).cause?.code;
    };

    test('without rules, while it stops', () => {
      expect(refusedAt(390, [server('s1'), server('s2')])).toBe('refused');
    });

    test('without servers, until it has checked one', () => {
      expect(refusedAt(500, [server('s1'), server('s2')])).toBe('no-server-available');
    });

    test('neither, if it was killed before and left its rules', () => {
      const ended = (action: 'killLb' | 'stopLb') =>
        pairLab('dsr', [[{ do: action, node: 'l4b' }], [{ do: 'startLb', node: 'l4b' }]]);
      const restartedAfter = pairLab('dsr', [[{ do: 'killLb', node: 'l4b' }], [{ do: 'restartLb', node: 'l4b' }]]);
      expect(refusedAt(500, [server('s1'), server('s2')], ended('killLb'), 1)).toBe('unexplained');
      expect(refusedAt(500, [server('s1'), server('s2')], restartedAfter, 1)).toBe('unexplained');
      expect(refusedAt(500, [server('s1'), server('s2')], ended('stopLb'), 1)).toBe('no-server-available');
    });

    test('without rules, if nothing is checked', () => {
      expect(refusedAt(390, [])).toBe('refused');
      expect(refusedAt(500, [])).toBe('refused');
    });
  });
});

const mixed = fc
  .array(fc.record({ at: fc.nat(999), kind: fc.constantFrom('works', 'lost', 'reset', 'silent') }), { maxLength: 40 })
  .map((all) =>
    all.map(({ at, kind }) => {
      if (kind === 'works') return observedCall({ at, walk: other });
      if (kind === 'silent') return observedCall({ at, walk: { request: [], reply: [] }, outcome: 'EHOSTUNREACH' });
      return observedCall({ at, walk: kind === 'lost' ? lost : upTo(first, 's2'), outcome: 'timeout' });
    }),
  );

test('causes add up to what failed, an outage is never longer than the step, every call has an example of its kind', () => {
  fc.assert(
    fc.property(mixed, (calls) => {
      const judged = judge(calls, WORKS);
      const { summary, examples } = judged;
      expect(summary.causes.reduce((sum, one) => sum + one.calls, 0)).toBe(summary.failed);
      expect(Object.values(summary.servedBy).reduce((sum, one) => sum + one, 0)).toBe(summary.calls - summary.failed);
      expect(summary.outage?.ms ?? 0).toBeLessThanOrEqual(1000);
      for (const { example, outcome, cause } of judged.calls)
        expect(examples[example]).toMatchObject({ outcome, ...(cause === null ? {} : { cause }) });
    }),
    { numRuns: 50 },
  );
});

test('the order of calls does not matter', () => {
  const distinctTimes = mixed.map((calls) => [...new Map(calls.map((call) => [call.record.beganAt, call])).values()]);
  fc.assert(
    fc.property(
      distinctTimes.chain((calls) =>
        fc.tuple(fc.constant(calls), fc.shuffledSubarray(calls, { minLength: calls.length })),
      ),
      ([calls, shuffled]) => {
        const expected: StreamExpectation = { outcome: 'interrupted', outage: { atMostMs: 300 }, then: WORKS };
        expect(judge(shuffled, expected)).toEqual(judge(calls, expected));
      },
    ),
    { numRuns: 50 },
  );
});
