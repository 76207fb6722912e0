import { checkShards } from './shards.ts';
import { sampleResults } from './samples/sample-results.ts';

const part = (from: string, index?: number, count?: number) => ({
  from,
  results: {
    ...sampleResults(),
    ...(index === undefined || count === undefined ? {} : { shard: { index, count } }),
  },
});

test('all shards of a run may be merged in any order, and so may whole runs', () => {
  checkShards([part('b', 2, 3), part('a', 1, 3), part('c', 3, 3)]);
  checkShards([part('a'), part('b')]);
});

test.each([
  ['a missing one', [part('p1', 1, 4), part('p3', 3, 4)], 'shard-missing', 'missing: shard 2/4, shard 4/4. '],
  ['one of one', [part('p1', 1, 2)], 'shard-missing', 'missing: shard 2/2. '],
  [
    'one twice',
    [part('p1', 1, 2), part('again', 1, 2), part('p2', 2, 2)],
    'invalid-input',
    'p1 and again (shard 1/2) are the same part of the run',
  ],
  [
    'parts of other runs',
    [part('p1', 1, 2), part('p2', 2, 3)],
    'invalid-input',
    'p1 (shard 1/2) and p2 (shard 2/3) are not parts of the same run',
  ],
  [
    'a whole run beside',
    [part('p1', 1, 2), part('p2', 2, 2), part('all')],
    'invalid-input',
    'p1 (shard 1/2) and all (a whole run) are not parts of the same run',
  ],
])('refuses %s', (_, parts, code, message) => {
  expect(() => checkShards(parts)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) as unknown }) as Error,
  );
});
