import { flow as flowOf, plan as planOf } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, S2, VIP_A } from '../model/testing/labs.ts';
import { cause } from '../terms/cause.ts';
import type { Finding } from '../terms/finding.ts';
import type { ControlResult, Disagreement, Reason } from '../terms/reason.ts';
import type { Hop } from '../terms/walk.ts';
import type { Expectation, FlowPlan, SingleExpectation, Range } from '../terms/plan.ts';
import type { Verdict } from '../terms/results.ts';
import type { Attempt } from '../terms/attempt.ts';
import type { Sighting } from '../terms/sighting.ts';
import { controlsOf } from './controls.ts';
import { segment } from './testing/evidence.ts';
import { judgeFlow, type Seen } from './verdict.ts';

const lab = planOf(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1', 's2'], proxyIp: PIP } } }));
const called = flowOf(lab, 'client', 'a');

function hop(node: string, direction: 'in' | 'out'): Hop {
  const nobody = { mac: '', ip: '', port: null };
  return { node, iface: 'x', direction, src: nobody, dst: nobody, ttl: 64, changed: [] };
}

/** Hops of a packet that starts at the first node, crosses those between, and ends at the last. */
function path(...nodes: string[]): Hop[] {
  return nodes.flatMap((node, index) => [
    ...(index > 0 ? [hop(node, 'in')] : []),
    ...(index < nodes.length - 1 ? [hop(node, 'out')] : []),
  ]);
}

const WORKED: Attempt = {
  token: 'l4lab-00000000',
  outcome: 'works',
  client: '200',
  cause: null,
  findings: [],
  servedBy: 's2',
  l4: 'l4',
  sentAgainMs: null,
  picked: 's2',
  sourceSeen: PIP,
  observed: { request: path('client', 'l3', 'l4', 's2'), reply: path('s2', 'l4', 'l3', 'client') },
  packets: [],
  epoch: '0',
  macTables: {},
  counters: {},
  durationMs: 1,
};
const FAILED: Attempt = {
  ...WORKED,
  outcome: 'fails',
  client: 'no-answer',
  cause: cause('reply-not-from-vip', 'reply-from-elsewhere', {
    node: 'client',
    called: VIP_A,
    source: S2,
    owner: 's2',
  }),
  servedBy: null,
  sourceSeen: null,
  observed: { request: path('client', 'l3', 'l4', 's2'), reply: path('s2', 'l3', 'client') },
};
const ALIVE: ControlResult[] = [
  { from: 'l4', to: 's2', address: S2, protocol: 'http', port: 80, works: true, client: '200', cause: null },
];

function judged(
  expect: Expectation,
  attempts: Attempt[],
  seen: Partial<Seen> = {},
  flow: FlowPlan = called,
): (Verdict | Reason)[] {
  const { verdict, reasons } = judgeFlow({ ...flow, expect }, lab, {
    attempts,
    controls: [],
    disagreement: null,
    ...seen,
  });
  return [verdict, ...reasons];
}

describe('a flow expected to work', () => {
  test('passes when every attempt does', () => {
    expect(judged({ outcome: 'works' }, [WORKED, WORKED])).toEqual(['pass']);
  });

  test('fails with a reason if one attempt fails', () => {
    expect(judged({ outcome: 'works' }, [WORKED, FAILED])).toEqual([
      'fail',
      { code: 'expected-to-work', params: { failed: 1, attempts: 2, cause: FAILED.cause } },
    ]);
  });

  test('never passes without the segment that it is about', () => {
    const spoiled: FlowPlan = { ...called, outOfWindow: 'client' };
    const began = segment(1, ['client', 'out', 'l3'], { seq: 5, flags: 'S' });
    const data = (seq: number) => segment(2, ['client', 'out', 'l3'], { seq, flags: 'PA', payloadLength: 9 });
    const toService = ({ frame, ...rest }: Sighting): Sighting => ({
      ...rest,
      frame: { ...frame, tcp: { ...frame.tcp!, dstPort: called.port } },
    });
    const seen = (...packets: Sighting[]) => ({ ...WORKED, packets: packets.map(toService) });
    const works = (attempt: Attempt) => judged({ outcome: 'works' }, [attempt], {}, spoiled);
    expect(works(seen(began, data(6 + 2 ** 30), data(6)))).toEqual(['pass']);
    expect(works(seen(began, data(6)))).toEqual(['fail', { code: 'segment-not-seen', params: { sender: 'client' } }]);
  });

  test('never passes without an attempt', () => {
    expect(judged({ outcome: 'works' }, [])[0]).toBe('fail');
  });

  test.each<[NonNullable<Extract<Expectation, { outcome: 'works' }>['servedBy']>]>([
    [{ one: 'self' }],
    [{ eachOf: ['self'] }],
    [{ only: ['self', 's2'] }],
    [{ sameOf: ['self'] }],
    [{ counts: { self: 1 } }],
  ])('served by %j is served by the caller', (servedBy) => {
    const own: Attempt = {
      ...WORKED,
      servedBy: 's1',
      findings: [{ code: 'answered-by-itself', params: { node: 's1', address: VIP_A } }],
    };
    const by = (from: string): (Verdict | Reason)[] =>
      judged({ outcome: 'works', servedBy, findings: ['answered-by-itself'] }, [own], {}, { ...called, from });
    expect(by('s1')).toEqual(['pass']);
    const allowed = ['client', ...('only' in servedBy ? ['s2'] : [])];
    expect(by('client')).toContainEqual({ code: 'wrong-server', params: { server: 's1', allowed } });
  });

  test.each<[string, Extract<Expectation, { outcome: 'works' }>['servedBy'], string[], (Verdict | Reason)[]]>([
    ['one', { one: 's2' }, ['s2', 's2'], ['pass']],
    [
      'another one',
      { one: 's1' },
      ['s1', 's2'],
      ['fail', { code: 'wrong-server', params: { server: 's2', allowed: ['s1'] } }],
    ],
    ['each of', { eachOf: ['s1', 's2'] }, ['s2', 's1'], ['pass']],
    [
      'each of, and one served none',
      { eachOf: ['s1', 's2'] },
      ['s2', 's2'],
      ['fail', { code: 'server-unused', params: { server: 's1', attempts: 2 } }],
    ],
    [
      'each of, and a stranger',
      { eachOf: ['s1'] },
      ['s1', 's2'],
      ['fail', { code: 'wrong-server', params: { server: 's2', allowed: ['s1'] } }],
    ],
    ['only', { only: ['s1', 's2'] }, ['s2', 's2'], ['pass']],
    [
      'none but, and a stranger',
      { only: ['s1'] },
      ['s1', 's2'],
      ['fail', { code: 'wrong-server', params: { server: 's2', allowed: ['s1'] } }],
    ],
    ['the same', { sameOf: ['s1', 's2'] }, ['s2', 's2'], ['pass']],
    [
      'the same, and it was not',
      { sameOf: ['s1', 's2'] },
      ['s1', 's2'],
      ['fail', { code: 'servers-vary', params: { servers: ['s1', 's2'] } }],
    ],
    ['counts', { counts: { s1: 2, s2: 1 } }, ['s1', 's2', 's1'], ['pass']],
    [
      'counts that are others',
      { counts: { s1: 1 } },
      ['s1', 's2', 's1'],
      [
        'fail',
        { code: 'wrong-server', params: { server: 's2', allowed: ['s1'] } },
        { code: 'wrong-share', params: { server: 's1', served: 2, expected: 1, attempts: 3 } },
      ],
    ],
    ['shares', { shares: { s1: { atLeast: 60, atMost: 70 }, s2: {} } }, ['s1', 's2', 's1'], ['pass']],
    [
      'shares that are others',
      { shares: { s1: { atMost: 60 }, s3: { atLeast: 10 } } },
      ['s1', 's2', 's1'],
      [
        'fail',
        { code: 'wrong-server', params: { server: 's2', allowed: ['s1', 's3'] } },
        { code: 'wrong-share', params: { server: 's1', served: 2, expected: { atMost: 60 }, attempts: 3 } },
        { code: 'wrong-share', params: { server: 's3', served: 0, expected: { atLeast: 10 }, attempts: 3 } },
      ],
    ],
  ])('served by %s', (_, servedBy, servers, expected) => {
    const attempts = servers.map((server) => ({ ...WORKED, servedBy: server }));
    expect(judged({ outcome: 'works', servedBy: servedBy! }, attempts)).toEqual(expected);
  });

  test.each<[string, string, (Verdict | Reason)[]]>([
    ['proxy-ip', PIP, ['pass']],
    [
      'proxy-ip',
      '198.51.100.10',
      ['fail', { code: 'wrong-source', params: { seen: '198.51.100.10', expected: 'proxy-ip', allowed: [PIP] } }],
    ],
    ['client', '198.51.100.10', ['pass']],
    [
      'client',
      PIP,
      ['fail', { code: 'wrong-source', params: { seen: PIP, expected: 'client', allowed: ['198.51.100.10'] } }],
    ],
    ['l4', '203.0.113.2', ['pass']],
    [S2, S2, ['pass']],
    [S2, PIP, ['fail', { code: 'wrong-source', params: { seen: PIP, expected: S2, allowed: [S2] } }]],
  ])('source %s, seen %s', (sourceSeen, seen, expected) => {
    expect(judged({ outcome: 'works', sourceSeen }, [{ ...WORKED, sourceSeen: seen }])).toEqual(expected);
  });

  test('an unexpected or missing finding is no pass', () => {
    const slow: Attempt = { ...WORKED, findings: [{ code: 'slow-start', params: { node: 'client' } }] };
    expect(judged({ outcome: 'works' }, [slow])).toEqual(['pass']);
    expect(judged({ outcome: 'works', findings: ['slow-start'] }, [slow])).toEqual(['pass']);
    expect(judged({ outcome: 'works', findings: ['slow-start'] }, [WORKED])).toEqual([
      'fail',
      { code: 'finding-missing', params: { finding: 'slow-start' } },
    ]);
    const finding: Finding = { code: 'l4-bypassed', params: { service: 'a', l4s: ['l4'] } };
    const bypassed: Attempt = { ...WORKED, findings: [finding] };
    expect(judged({ outcome: 'works' }, [bypassed])).toEqual([
      'fail',
      { code: 'unexpected-finding', params: { finding } },
    ]);
    expect(judged({ outcome: 'works', findings: ['l4-bypassed'] }, [bypassed])).toEqual(['pass']);
    expect(judged({ outcome: 'works', findings: ['answered-by-itself'] }, [WORKED])).toEqual([
      'fail',
      { code: 'finding-missing', params: { finding: 'answered-by-itself' } },
    ]);
  });

  test('prediction and observation that disagree are no pass, whatever was expected', () => {
    const disagreement: Disagreement = {
      code: 'server-differs',
      params: { seen: 's1', predicted: 's2', hop: null },
    };
    expect(judged({ outcome: 'works' }, [WORKED], { disagreement })).toEqual([
      'fail',
      { code: 'disagreement', params: { disagreement } },
    ]);
  });
});

describe('paths', () => {
  test.each<[string, Expectation, (Verdict | Reason)[]]>([
    [
      'crossed as they should',
      { outcome: 'works', request: { crosses: ['l3', 'l4'] }, reply: { crosses: ['l4'], avoids: ['s1'] } },
      ['pass'],
    ],
    [
      'a node that was not crossed',
      { outcome: 'works', request: { crosses: ['b1'] } },
      ['fail', { code: 'not-crossed', params: { leg: 'request', node: 'b1' } }],
    ],
    [
      'an end is not crossed',
      { outcome: 'works', request: { crosses: ['s2'] } },
      ['fail', { code: 'not-crossed', params: { leg: 'request', node: 's2' } }],
    ],
    [
      'a node that was to be avoided',
      { outcome: 'works', reply: { avoids: ['l4'] } },
      ['fail', { code: 'not-avoided', params: { leg: 'reply', node: 'l4' } }],
    ],
  ])('%s', (_, expectation, expected) => {
    expect(judged(expectation, [WORKED])).toEqual(expected);
  });

  test('are judged on flows expected to fail too', () => {
    const expectation: Expectation = { outcome: 'fails', cause: 'reply-not-from-vip', reply: { avoids: ['l4', 'l3'] } };
    expect(judged(expectation, [FAILED], { controls: ALIVE })).toEqual([
      'fail',
      { code: 'not-avoided', params: { leg: 'reply', node: 'l3' } },
    ]);
  });
});

describe('a flow expected to fail', () => {
  const expectation: Expectation = { outcome: 'fails', cause: 'reply-not-from-vip', at: 'client' };

  test('passes for the declared cause, at the declared place, with working controls', () => {
    expect(judged(expectation, [FAILED, FAILED], { controls: ALIVE })).toEqual(['pass']);
  });

  test('does not pass when an attempt works', () => {
    expect(judged(expectation, [FAILED, WORKED], { controls: ALIVE })).toEqual([
      'fail',
      { code: 'expected-to-fail', params: { cause: 'reply-not-from-vip', worked: 1, attempts: 2 } },
    ]);
  });

  test('does not pass when no request left the caller', () => {
    const silent = { ...FAILED, observed: { request: [], reply: [] } };
    expect(judged(expectation, [silent], { controls: ALIVE })).toEqual([
      'fail',
      { code: 'request-not-seen', params: { caller: 'client' } },
    ]);
  });

  test.each([
    ['a question that was answered is no proof of the call', ['203.0.113.80'], 'fail'],
    ['a question without an answer is all that leaves', [], 'pass'],
  ])('by name: %s', (_, addresses, verdict) => {
    const question = { name: 'www.example.test', server: 's1', request: path('client', 's1'), reply: [], addresses };
    const silent = { ...FAILED, observed: { request: [], reply: [], question } };
    expect(judged(expectation, [silent], { controls: ALIVE })[0]).toBe(verdict);
  });

  test('passes if the caller itself could not send a packet with DF', () => {
    const expected: Expectation = { outcome: 'fails', cause: 'too-big', at: 'client' };
    const unsent: Attempt = {
      ...FAILED,
      cause: cause('too-big', 'exceeds-mtu', { node: 'client', address: '203.0.113.80', mtu: 1300 }),
      observed: { request: [], reply: [] },
    };
    expect(judged(expected, [unsent], { controls: ALIVE })).toEqual(['pass']);
  });

  test('does not pass for another cause, not even in one attempt', () => {
    const refused = { ...FAILED.cause!, code: 'refused' as const };
    const other: Attempt = { ...FAILED, cause: refused };
    expect(judged(expectation, [FAILED, other], { controls: ALIVE })).toEqual([
      'fail',
      { code: 'other-cause', params: { expected: 'reply-not-from-vip', cause: refused } },
    ]);
  });

  test('does not pass at another place', () => {
    const elsewhere: Attempt = { ...FAILED, cause: { ...FAILED.cause!, node: 's1' } };
    expect(judged(expectation, [elsewhere], { controls: ALIVE })).toEqual([
      'fail',
      { code: 'other-place', params: { expected: 'client', node: 's1' } },
    ]);
  });

  test('does not pass when a control fails', () => {
    const control: ControlResult = { ...ALIVE[0]!, to: 's1', works: false, client: 'timeout' };
    const controls = [...ALIVE, control];
    expect(judged(expectation, [FAILED], { controls })).toEqual([
      'fail',
      { code: 'control-failed', params: { control } },
    ]);
  });

  test('does not pass without an attempt', () => {
    expect(judged(expectation, [], { controls: ALIVE })[0]).toBe('fail');
  });

  test('never passes for an unexplained failure, even if that is expected', () => {
    const unexplained: Attempt = { ...FAILED, cause: { ...FAILED.cause!, code: 'unexplained' } };
    expect(judged({ outcome: 'fails', cause: 'unexplained' }, [unexplained], { controls: ALIVE })[0]).toBe('fail');
  });

  test.each(['no-route', 'no-neighbour', 'refused'] as const)(
    '%s at the caller itself needs no request on the wire',
    (code) => {
      const attempt: Attempt = {
        ...FAILED,
        cause: { ...FAILED.cause!, code },
        observed: { request: [], reply: [] },
      };
      expect(judged({ outcome: 'fails', cause: code }, [attempt], { controls: ALIVE })).toEqual(['pass']);
    },
  );
});

describe('a flow with several allowed outcomes', () => {
  const works: SingleExpectation = { outcome: 'works', servedBy: { one: 's2' } };
  const fails: SingleExpectation = { outcome: 'fails', cause: 'reply-not-from-vip', at: 'client' };
  const either: Expectation = { outcome: 'varies', oneOf: [works, fails] };
  const both: Expectation = { outcome: 'varies', eachOf: [works, fails] };
  const [control] = controlsOf(lab, { ...called, expect: either });
  const alive: ControlResult[] = [{ ...control!, works: true, client: 'answered', cause: null }];

  test.each<[string, Expectation, Attempt[], Verdict]>([
    ['one of them', either, [WORKED], 'pass'],
    ['the other', either, [FAILED], 'pass'],
    ['either', either, [WORKED, FAILED], 'pass'],
    ['each', both, [FAILED, WORKED, FAILED], 'pass'],
    ['none', either, [], 'fail'],
  ])('%s', (_, expectation, attempts, verdict) => {
    expect(judged(expectation, attempts, { controls: alive })[0]).toBe(verdict);
  });

  test('passes only with an outcome that is declared', () => {
    const refused: Attempt = { ...FAILED, cause: { ...FAILED.cause!, code: 'refused' } };
    expect(judged(either, [WORKED, refused], { controls: alive })).toEqual([
      'fail',
      { code: 'no-alternative', params: { outcome: 'fails', servedBy: null, cause: refused.cause } },
    ]);
  });

  test('an outcome close to a declared one reports what is missing', () => {
    const other: Attempt = { ...WORKED, servedBy: 's1' };
    expect(judged(either, [other, FAILED], { controls: alive })).toEqual([
      'fail',
      { code: 'no-alternative', params: { outcome: 'works', servedBy: 's1', cause: null } },
      { code: 'wrong-server', params: { server: 's1', allowed: ['s2'] } },
    ]);
  });

  test('each must occur if that is declared', () => {
    expect(judged(both, [WORKED, WORKED], { controls: alive })).toEqual([
      'fail',
      {
        code: 'alternative-unseen',
        params: { number: 2, of: 2, outcome: 'fails', cause: 'reply-not-from-vip', attempts: 2 },
      },
    ]);
  });

  test('a path belongs only to its outcome', () => {
    const oneWay: Expectation = {
      outcome: 'varies',
      oneOf: [
        { ...works, reply: { crosses: ['l4'] } },
        { ...fails, reply: { avoids: ['l4'] } },
      ],
    };
    expect(judged(oneWay, [WORKED, FAILED], { controls: alive })).toEqual(['pass']);
    const another: Attempt = { ...FAILED, observed: WORKED.observed };
    expect(judged(oneWay, [WORKED, another], { controls: alive })).toContainEqual({
      code: 'not-avoided',
      params: { leg: 'reply', node: 'l4' },
    });
  });

  test('a failure needs its proof only if it occurred', () => {
    const dead: ControlResult = { ...alive[0]!, works: false, client: 'timeout' };
    expect(judged(either, [WORKED, FAILED], { controls: [dead] })).toEqual([
      'fail',
      { code: 'control-failed', params: { control: dead } },
    ]);
    expect(judged(either, [WORKED], { controls: [dead] })).toEqual(['pass']);
    const silent = { ...FAILED, observed: { request: [], reply: [] } };
    expect(judged(either, [WORKED, silent], { controls: alive })).toEqual([
      'fail',
      { code: 'request-not-seen', params: { caller: 'client' } },
    ]);
  });

  test('a control only proves outcomes that need it', () => {
    const missing: SingleExpectation = { outcome: 'fails', cause: 'no-neighbour' };
    const expectation: Expectation = { outcome: 'varies', oneOf: [fails, missing] };
    const [hop, ...listeners] = controlsOf(lab, { ...called, expect: expectation });
    const controls: ControlResult[] = [
      { ...hop!, works: true, client: 'answered', cause: null },
      ...listeners.map((one) => ({ ...one, works: false, client: 'timeout' as const, cause: null })),
    ];
    const lost: Attempt = { ...FAILED, cause: { ...FAILED.cause!, code: 'no-neighbour' } };
    expect(judged(expectation, [lost], { controls })).toEqual(['pass']);
    expect(judged(expectation, [FAILED], { controls })[0]).toBe('fail');
  });

  test('an unexplained failure matches nothing', () => {
    const unexplained: Attempt = { ...FAILED, cause: { ...FAILED.cause!, code: 'unexplained' } };
    expect(judged(either, [WORKED, unexplained], { controls: alive })[0]).toBe('fail');
  });
});

describe('the TTL with which a packet reaches a node', () => {
  /** As `path`, with the TTL at each hop in turn. */
  const withTtl = (hops: Hop[], ...ttls: number[]): Hop[] => hops.map((one, index) => ({ ...one, ttl: ttls[index]! }));
  const attempt: Attempt = {
    ...WORKED,
    observed: {
      request: withTtl(path('client', 'l3', 's2'), 64, 64, 63, 63),
      reply: withTtl(path('s2', 'l3', 'client'), 64, 64, 63, 63),
    },
  };

  test('is that of its first arrival there', () => {
    const expected: Expectation = {
      outcome: 'works',
      request: { ttlAt: { l3: 64, s2: 63 } },
      reply: { ttlAt: { client: 63 } },
    };
    expect(judged(expected, [attempt])).toEqual(['pass']);
  });

  test('is reported, and so is a packet that did not arrive', () => {
    const expected: Expectation = { outcome: 'works', request: { ttlAt: { s2: 62, b1: 62 } } };
    expect(judged(expected, [attempt, attempt])).toEqual([
      'fail',
      { code: 'wrong-ttl', params: { leg: 'request', node: 's2', seen: 63, expected: 62 } },
      { code: 'wrong-ttl', params: { leg: 'request', node: 'b1', seen: null, expected: 62 } },
    ]);
  });

  test('is not required of attempts on other paths, if one arrives', () => {
    const other = { ...attempt, observed: { ...attempt.observed, request: withTtl(path('client', 's1'), 64, 64) } };
    const expected: Expectation = { outcome: 'works', request: { ttlAt: { s1: 64, s2: 63 } } };
    expect(judged(expected, [attempt, other])).toEqual(['pass']);
  });
});

test('an interface is crossed if a packet enters or leaves through it, and avoided otherwise', () => {
  const by = (iface: string): Expectation => ({ outcome: 'works', request: { crosses: [`l4.${iface}`] } });
  const other: Expectation = { outcome: 'works', request: { avoids: ['l4.x', 'l4.y'] } };
  expect(judged(by('x'), [WORKED])).toEqual(['pass']);
  expect(judged(by('y'), [WORKED])).toEqual([
    'fail',
    { code: 'not-crossed', params: { leg: 'request', node: 'l4.y' } },
  ]);
  expect(judged(other, [WORKED])).toEqual(['fail', { code: 'not-avoided', params: { leg: 'request', node: 'l4.x' } }]);
});

test('the name of a trunk means all its VLANs, each of which has its own name', () => {
  const request = WORKED.observed.request.map((hop) => (hop.node === 'l4' ? { ...hop, iface: 'x.10' } : hop));
  const onTrunk = { ...WORKED, observed: { ...WORKED.observed, request } };
  const avoids = (place: string): Expectation => ({ outcome: 'works', request: { avoids: [place] } });
  expect(judged({ outcome: 'works', request: { crosses: ['l4.x', 'l4.x.10'] } }, [onTrunk])).toEqual(['pass']);
  expect(judged(avoids('l4.x'), [onTrunk])[0]).toBe('fail');
  expect(judged(avoids('l4.x.20'), [onTrunk])).toEqual(['pass']);
});

describe('how many attempts are lost', () => {
  const fails: SingleExpectation = { outcome: 'fails', cause: 'reply-not-from-vip' };
  const lost = (expected: Range): Expectation => ({
    outcome: 'varies',
    oneOf: [{ outcome: 'works' }, fails],
    lost: expected,
  });

  test.each<[Range, string]>([
    [{ atLeast: 2, atMost: 2 }, 'pass'],
    [{ atMost: 2 }, 'pass'],
    [{ atLeast: 3 }, 'fail'],
    [{ atLeast: 1, atMost: 1 }, 'fail'],
  ])('%j', (expected, verdict) => {
    const attempts = [WORKED, FAILED, FAILED, WORKED];
    const [seen, ...reasons] = judged(lost(expected), attempts, { controls: ALIVE });
    expect(seen).toBe(verdict);
    if (verdict === 'fail')
      expect(reasons).toEqual([{ code: 'wrong-lost', params: { lost: 2, expected, attempts: 4 } }]);
  });
});

describe('an interface as the place of a failure', () => {
  const at = (node: string, address: string): Attempt => ({
    ...FAILED,
    cause: cause('no-neighbour', 'arp-unanswered', { node, address }),
  });

  test('is that on which the address was requested', () => {
    const expected: Expectation = { outcome: 'fails', cause: 'no-neighbour', at: 'l3.l2' };
    expect(judged(expected, [at('l3', S2)])).toEqual(['pass']);
    expect(judged({ ...expected, at: 'l3.client' }, [at('l3', S2)])).toEqual([
      'fail',
      { code: 'other-place', params: { expected: 'l3.client', node: 'l3', iface: 'l2' } },
    ]);
  });

  test("a load balancer's failure toward its server has the interface of the server", () => {
    const unreachable = cause('no-neighbour', 'host-unreachable', { node: 'l4', address: VIP_A, hop: S2 });
    const expected: Expectation = { outcome: 'fails', cause: 'no-neighbour', at: 'l4.l2' };
    expect(judged(expected, [{ ...FAILED, cause: unreachable }])).toEqual(['pass']);
  });

  test('is a VLAN of a trunk, or all of the trunk', () => {
    const fails = cause('reverse-path', 'reverse-path-fails', { node: 'l4', source: S2, iface: 'x.10' });
    const placed = (place: string): unknown =>
      judged({ outcome: 'fails', cause: 'reverse-path', at: place }, [{ ...FAILED, cause: fails }], {
        controls: ALIVE,
      })[0];
    expect(['l4.x', 'l4.x.10', 'l4.x.20', 'l4.y'].map(placed)).toEqual(['pass', 'pass', 'fail', 'fail']);
  });

  test('a cause without an interface has none', () => {
    const route = cause('no-route', 'route-missing', { node: 'l3', address: '192.0.2.1' });
    expect(judged({ outcome: 'fails', cause: 'no-route', at: 'l3.l2' }, [{ ...FAILED, cause: route }])).toEqual([
      'fail',
      { code: 'other-place', params: { expected: 'l3.l2', node: 'l3', iface: null } },
    ]);
  });
});
