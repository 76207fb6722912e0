import type { CallResult, StateBand } from '../../../harness/terms/timeline-results.ts';
import type { PageStream } from '../../content/page-details.ts';
import { firstFrom, nearestCall, neighbouringCall, rowsOf, shownBands } from './rows.ts';

function call(beginMs: number, more: Partial<CallResult> = {}): CallResult {
  const works = { outcome: 'works', client: '200', servedBy: 's1', l4: 'l4a', cause: null } as const;
  return { step: 0, beginMs, endMs: beginMs + 3, ...works, example: 0, ...more };
}

const lost: Partial<CallResult> = {
  outcome: 'fails',
  client: 'timeout',
  servedBy: null,
  l4: null,
  cause: { code: 'stale-neighbour', node: 'l3' },
};

function stream(calls: CallResult[], connection: PageStream['connection'] = 'new'): PageStream {
  return { name: 'calls', from: 'client', to: 'web', protocol: 'tcp', connection, calls, examples: [] };
}

test('calls are grouped by server, sorted by name, then by cause and node of failure', () => {
  const refused: Partial<CallResult> = { ...lost, cause: { code: 'refused', node: 's2' } };
  const calls = [call(0, { servedBy: 's10' }), call(20), call(40, lost), call(60, refused), call(80, lost), call(100)];
  expect(rowsOf(stream(calls), false)).toEqual([
    { kind: 'served', by: 's1', servers: 1, calls: [1, 5] },
    { kind: 'served', by: 's10', servers: 1, calls: [0] },
    { kind: 'failed', cause: { code: 'stale-neighbour', node: 'l3' }, calls: [2, 4] },
    { kind: 'failed', cause: { code: 'refused', node: 's2' }, calls: [3] },
  ]);
});

test('many servers share a row unless all rows are requested', () => {
  const calls = Array.from({ length: 60 }, (_, i) => call(i * 20, { servedBy: `s${i + 1}` }));
  expect(rowsOf(stream(calls), false)).toEqual([
    { kind: 'served', by: 's1 … s60', servers: 60, calls: calls.map((_, i) => i) },
  ]);
  expect(rowsOf(stream(calls), true)).toHaveLength(60);
});

test('few kept connections have separate rows; a reopened one is in the row of the broken one', () => {
  const kept = (connection: number, beginMs: number, more: Partial<CallResult> = {}) =>
    call(beginMs, { connection, ...more });
  const calls = [kept(0, 0), kept(1, 5), kept(0, 20, { ...lost, endMs: 30 }), kept(1, 25), kept(2, 40), kept(1, 45)];
  expect(rowsOf(stream(calls, 'kept'), false)).toEqual([
    {
      kind: 'connection',
      number: 1,
      spans: [
        { fromMs: 0, toMs: 30, broken: true },
        { fromMs: 40, toMs: 43, broken: false },
      ],
      calls: [0, 2, 4],
    },
    { kind: 'connection', number: 2, spans: [{ fromMs: 5, toMs: 48, broken: false }], calls: [1, 3, 5] },
  ]);
});

test('many kept connections are grouped like other calls unless all rows are requested', () => {
  const calls = Array.from({ length: 40 }, (_, i) => call(i * 5, { connection: i % 20 }));
  expect(rowsOf(stream(calls, 'kept'), false).map(({ kind }) => kind)).toEqual(['served']);
  expect(rowsOf(stream(calls, 'kept'), true).map(({ kind }) => kind)).toEqual(Array(20).fill('connection'));
});

test('finds the nearest call of a row unless it is too far away', () => {
  const calls = [0, 20, 40, 1000].map((ms) => call(ms));
  const places = [0, 1, 2, 3];
  expect(firstFrom(places, calls, 20)).toBe(1);
  expect(nearestCall(places, calls, 29, 15)).toBe(1);
  expect(nearestCall(places, calls, 31, 15)).toBe(2);
  expect(nearestCall(places, calls, 500, 15)).toBeNull();
  expect(nearestCall([], calls, 0, 15)).toBeNull();
});

test('moves from call to call or failure to failure, and stops at the last one', () => {
  const calls = [call(0), call(20, lost), call(40), call(60, lost)];
  expect(neighbouringCall(calls, 0, 1, false)).toBe(1);
  expect(neighbouringCall(calls, 1, 1, true)).toBe(3);
  expect(neighbouringCall(calls, 3, 1, true)).toBe(3);
  expect(neighbouringCall(calls, 3, -1, true)).toBe(1);
  expect(neighbouringCall(calls, null, 1, true)).toBe(1);
  expect(neighbouringCall(calls, null, -1, false)).toBe(3);
  expect(neighbouringCall([call(0)], null, 1, true)).toBeNull();
});

test('members of pairs are always shown, others only if they change; the number is limited', () => {
  const server = (name: string, ...states: ('up' | 'down')[]): StateBand => ({
    of: { kind: 'server', service: 'web', server: name, at: 'l4a' },
    spans: states.map((state, i) => ({ fromMs: i * 100, state })),
  });
  const member: StateBand = {
    of: { kind: 'member', pair: 'edge', node: 'l4a' },
    spans: [{ fromMs: 0, state: 'master' }],
  };
  const dying = Array.from({ length: 9 }, (_, i) => server(`d${i}`, 'up', 'down'));
  const bands = [server('s1', 'up'), ...dying.toReversed(), member];
  const { shown, steady, more } = shownBands(bands, false);
  expect(shown).toEqual([member, ...dying.slice(0, 6)]);
  expect(steady).toEqual([bands[0]]);
  expect(more).toBe(3);
  expect(shownBands(bands, true).shown).toHaveLength(11);
});
