import type { StreamExpectation } from '../../harness/terms/plan.ts';
import { ko } from '../page/strings/ko.ts';
import { expectationClauses } from './expectation-text.ts';

const OUTAGE: StreamExpectation = {
  outcome: 'interrupted',
  outage: { atLeastMs: 100, atMostMs: 2000, causes: ['stale-neighbour'], at: 'l3' },
  then: { outcome: 'works', servedBy: { one: 's1' } },
};

const CONNECTIONS: StreamExpectation = {
  outcome: 'connections',
  survive: { atLeast: 6 },
  reset: { atMost: 4 },
  stallMs: { atMost: 900 },
  causes: ['connection-unknown'],
};

test('an outage is described with bounds, causes and the state after it', () => {
  expect(expectationClauses(OUTAGE)).toEqual([
    'one outage of at least 100 ms and at most 2000 ms (stale-neighbour) at l3, then works',
    'served by s1',
  ]);
  expect(expectationClauses({ outcome: 'interrupted', outage: {}, then: { outcome: 'works' } })).toEqual([
    'one outage, then works',
  ]);
});

test('the fate of kept connections is described; by default all survive', () => {
  expect(expectationClauses(CONNECTIONS)).toEqual([
    'at least 6 kept connections survive',
    'at most 4 kept connections reset',
    'answers within at most 900 ms',
    'others end because of connection-unknown',
  ]);
  expect(expectationClauses({ outcome: 'connections' })).toEqual(['all kept connections survive']);
});

const COUNTED: StreamExpectation = {
  outcome: 'varies',
  eachOf: [
    { outcome: 'works', request: { ttlAt: { s1: 62 } }, reply: { ttlAt: { client: 63 } } },
    { outcome: 'fails', cause: 'no-neighbour', at: 'l4.sw2' },
  ],
  lost: { atLeast: 2, atMost: 2 },
};

test('a TTL is described with its node, a place with its interface, and losses with the number of attempts', () => {
  expect(expectationClauses(COUNTED)).toEqual([
    'each of: (1) works, request reaches s1 with TTL 62, reply reaches client with TTL 63; (2) fails: no-neighbour at l4.sw2',
    '2 attempts get no answer',
  ]);
  expect(expectationClauses({ ...COUNTED, lost: { atMost: 3 } })[1]).toBe('at most 3 attempts get no answer');
  const korean = expectationClauses(COUNTED, ko.expectation).join('\n');
  for (const value of ['s1', '62', 'client', '63', 'l4.sw2', '2회']) expect(korean).toContain(value);
});

test('the Korean text contains every bound and cause too', () => {
  const text = [OUTAGE, CONNECTIONS, { outcome: 'connections' } as const]
    .flatMap((expect) => expectationClauses(expect, ko.expectation))
    .join('\n');
  for (const value of ['100', '2000', 'stale-neighbour', 'l3', 's1', '6', '4', '900', 'connection-unknown'])
    expect(text).toContain(value);
  expect(text).not.toMatch(/undefined|null| at | most | least /);
});
