import { flow as flowOf, plan as planOf } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, S2, VIP_A } from '../model/testing/labs.ts';
import type { Hop } from '../terms/walk.ts';
import type { Expectation, FlowPlan } from '../terms/plan.ts';
import type { Attempt } from '../terms/results.ts';
import { judgeFlow, type Seen } from './verdict.ts';

const lab = planOf(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1', 's2'], proxyIp: PIP } } }));
const called = flowOf(lab, 'client', 'a');

function hop(node: string, direction: 'in' | 'out'): Hop {
  const nobody = { mac: '', ip: '', port: null };
  return { node, iface: 'x', direction, src: nobody, dst: nobody, ttl: 64, changed: [] };
}

/** Hops of a packet that starts at the first node, crosses those between, and ends at the last. */
function way(...nodes: string[]): Hop[] {
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
  picked: 's2',
  sourceSeen: PIP,
  observed: { request: way('client', 'l3', 'l4', 's2'), reply: way('s2', 'l4', 'l3', 'client') },
  packets: [],
  epoch: '0',
  macTables: {},
  counters: {},
  durationMs: 1,
};
const FAILED: Attempt = {
  ...WORKED,
  outcome: 'fails',
  client: 'cancelled',
  cause: { code: 'reply-not-from-vip', node: 'client', detail: 'the answer came from s2' },
  servedBy: null,
  sourceSeen: null,
  observed: { request: way('client', 'l3', 'l4', 's2'), reply: way('s2', 'l3', 'client') },
};
const ALIVE = [{ name: 'l4 → s2', works: true, detail: '200' }];

function judged(expect: Expectation, attempts: Attempt[], seen: Partial<Seen> = {}, flow: FlowPlan = called) {
  const { verdict, reasons } = judgeFlow({ ...flow, expect }, lab, {
    attempts,
    controls: [],
    disagreement: null,
    ...seen,
  });
  return [verdict, ...reasons];
}

describe('a flow that is to work', () => {
  test('passes when every attempt does', () => {
    expect(judged({ outcome: 'works' }, [WORKED, WORKED])).toEqual(['pass']);
  });

  test('fails when one attempt does, and says why', () => {
    expect(judged({ outcome: 'works' }, [WORKED, FAILED])).toEqual([
      'fail',
      'It should work, and fails (1 of 2 attempts): reply-not-from-vip at client: the answer came from s2.',
    ]);
  });

  test('never passes without an attempt', () => {
    expect(judged({ outcome: 'works' }, [])[0]).toBe('fail');
  });

  test.each<[NonNullable<Extract<Expectation, { outcome: 'works' }>['servedBy']>]>([
    [{ one: 'self' }],
    [{ eachOf: ['self'] }],
    [{ noneBut: ['self', 's2'] }],
    [{ sameOf: ['self'] }],
    [{ counts: { self: 1 } }],
  ])('served by %j is served by the caller', (servedBy) => {
    const own: Attempt = { ...WORKED, servedBy: 's1', findings: ['answered-by-itself'] };
    const by = (from: string): string[] =>
      judged({ outcome: 'works', servedBy, findings: ['answered-by-itself'] }, [own], {}, { ...called, from });
    expect(by('s1')).toEqual(['pass']);
    expect(by('client')).toContain('s1 served it; only client' + ('noneBut' in servedBy ? ', s2' : '') + ' should.');
  });

  test.each<[string, Extract<Expectation, { outcome: 'works' }>['servedBy'], string[], string[]]>([
    ['one', { one: 's2' }, ['s2', 's2'], ['pass']],
    ['another one', { one: 's1' }, ['s1', 's2'], ['fail', 's2 served it; only s1 should.']],
    ['each of', { eachOf: ['s1', 's2'] }, ['s2', 's1'], ['pass']],
    ['each of, and one served none', { eachOf: ['s1', 's2'] }, ['s2', 's2'], ['fail', 's1 served none of 2 attempts.']],
    ['each of, and a stranger', { eachOf: ['s1'] }, ['s1', 's2'], ['fail', 's2 served it; only s1 should.']],
    ['none but', { noneBut: ['s1', 's2'] }, ['s2', 's2'], ['pass']],
    ['none but, and a stranger', { noneBut: ['s1'] }, ['s1', 's2'], ['fail', 's2 served it; only s1 should.']],
    ['the same', { sameOf: ['s1', 's2'] }, ['s2', 's2'], ['pass']],
    [
      'the same, and it was not',
      { sameOf: ['s1', 's2'] },
      ['s1', 's2'],
      ['fail', 's1, s2 served it; it should be the same each time.'],
    ],
    ['counts', { counts: { s1: 2, s2: 1 } }, ['s1', 's2', 's1'], ['pass']],
    [
      'counts that are others',
      { counts: { s1: 1 } },
      ['s1', 's2', 's1'],
      ['fail', 's2 served it; only s1 should.', 's1 served 2 of 3 attempts; it should serve 1.'],
    ],
  ])('served by %s', (_, servedBy, servers, expected) => {
    const attempts = servers.map((server) => ({ ...WORKED, servedBy: server }));
    expect(judged({ outcome: 'works', servedBy: servedBy! }, attempts)).toEqual(expected);
  });

  test.each([
    ['proxy-ip', PIP, ['pass']],
    ['proxy-ip', '198.51.100.10', ['fail', `The server saw 198.51.100.10 as source; it should see proxy-ip: ${PIP}.`]],
    ['client', '198.51.100.10', ['pass']],
    ['client', PIP, ['fail', `The server saw ${PIP} as source; it should see client: 198.51.100.10.`]],
    ['l4', '203.0.113.2', ['pass']],
    [S2, S2, ['pass']],
    [S2, PIP, ['fail', `The server saw ${PIP} as source; it should see ${S2}.`]],
  ])('source %s, seen %s', (sourceSeen, seen, expected) => {
    expect(judged({ outcome: 'works', sourceSeen }, [{ ...WORKED, sourceSeen: seen }])).toEqual(expected);
  });

  test('a finding that nobody expected is no pass, nor is one that is missing', () => {
    const bypassed: Attempt = { ...WORKED, findings: ['l4-bypassed'] };
    expect(judged({ outcome: 'works' }, [bypassed])).toEqual([
      'fail',
      'It works, but the request never crossed the L4.',
    ]);
    expect(judged({ outcome: 'works', findings: ['l4-bypassed'] }, [bypassed])).toEqual(['pass']);
    expect(judged({ outcome: 'works', findings: ['answered-by-itself'] }, [WORKED])).toEqual([
      'fail',
      'It should be that the caller answered itself, and nothing left it, and it is not.',
    ]);
  });

  test('prediction and observation that disagree are no pass, whatever was expected', () => {
    const disagreement = { detail: 'the flow works; predicted was that it fails', hop: null };
    expect(judged({ outcome: 'works' }, [WORKED], { disagreement })).toEqual([
      'fail',
      'Prediction and observation disagree: the flow works; predicted was that it fails.',
    ]);
  });
});

describe('paths', () => {
  test.each<[string, Expectation, string[]]>([
    [
      'crossed as they should',
      { outcome: 'works', request: { crosses: ['l3', 'l4'] }, reply: { crosses: ['l4'], avoids: ['s1'] } },
      ['pass'],
    ],
    [
      'a node that was not crossed',
      { outcome: 'works', request: { crosses: ['b1'] } },
      ['fail', 'The request did not cross b1.'],
    ],
    [
      'an end is not crossed',
      { outcome: 'works', request: { crosses: ['s2'] } },
      ['fail', 'The request did not cross s2.'],
    ],
    [
      'a node that was to be avoided',
      { outcome: 'works', reply: { avoids: ['l4'] } },
      ['fail', 'The reply touched l4.'],
    ],
  ])('%s', (_, expectation, expected) => {
    expect(judged(expectation, [WORKED])).toEqual(expected);
  });

  test('are judged on flows that are to fail as well', () => {
    const expectation: Expectation = { outcome: 'fails', cause: 'reply-not-from-vip', reply: { avoids: ['l4', 'l3'] } };
    expect(judged(expectation, [FAILED], { controls: ALIVE })).toEqual(['fail', 'The reply touched l3.']);
  });
});

describe('a flow that is to fail', () => {
  const expectation: Expectation = { outcome: 'fails', cause: 'reply-not-from-vip', at: 'client' };

  test('passes for the named cause, at the named place, with living controls', () => {
    expect(judged(expectation, [FAILED, FAILED], { controls: ALIVE })).toEqual(['pass']);
  });

  test('does not pass when an attempt works', () => {
    expect(judged(expectation, [FAILED, WORKED], { controls: ALIVE })).toEqual([
      'fail',
      'It should fail (reply-not-from-vip), and works in 1 of 2 attempts.',
    ]);
  });

  test('does not pass when no request left the caller', () => {
    const silent = { ...FAILED, observed: { request: [], reply: [] } };
    expect(judged(expectation, [silent], { controls: ALIVE })).toEqual([
      'fail',
      'No request was seen leaving client, so its failure proves nothing.',
    ]);
  });

  test('does not pass for another cause, not even in one attempt', () => {
    const other: Attempt = { ...FAILED, cause: { code: 'refused', node: 'client', detail: 'RST' } };
    expect(judged(expectation, [FAILED, other], { controls: ALIVE })).toEqual([
      'fail',
      'It fails for another reason than reply-not-from-vip: refused at client: RST.',
    ]);
  });

  test('does not pass at another place', () => {
    const elsewhere: Attempt = { ...FAILED, cause: { ...FAILED.cause!, node: 's1' } };
    expect(judged(expectation, [elsewhere], { controls: ALIVE })).toEqual([
      'fail',
      'It fails at s1 instead of client.',
    ]);
  });

  test('does not pass when a control fails', () => {
    const controls = [...ALIVE, { name: 'l4 → s1', works: false, detail: 'timeout' }];
    expect(judged(expectation, [FAILED], { controls })).toEqual([
      'fail',
      'The control l4 → s1 fails (timeout), so the failure of the flow proves nothing.',
    ]);
  });

  test('does not pass without an attempt', () => {
    expect(judged(expectation, [], { controls: ALIVE })[0]).toBe('fail');
  });

  test('never passes for a failure that nobody can explain, even where that was written', () => {
    const unexplained: Attempt = { ...FAILED, cause: { code: 'unexplained', node: 'client', detail: '?' } };
    expect(judged({ outcome: 'fails', cause: 'unexplained' }, [unexplained], { controls: ALIVE })[0]).toBe('fail');
  });

  test.each(['no-route', 'no-neighbour', 'refused'] as const)(
    '%s at the caller itself shows before a request leaves',
    (code) => {
      const attempt: Attempt = {
        ...FAILED,
        cause: { code, node: 'client', detail: '' },
        observed: { request: [], reply: [] },
      };
      expect(judged({ outcome: 'fails', cause: code }, [attempt], { controls: ALIVE })).toEqual(['pass']);
    },
  );
});
