import fc from 'fast-check';
import { L4labError } from '../harness/errors.ts';
import { parseShard, shardOf } from './shard.ts';

test('the shards contain everything once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.integer({ min: 1, max: 9 }), (items, n) => {
      const shards = Array.from({ length: n }, (_, k) => shardOf(items, parseShard(`${k + 1}/${n}`)));
      expect(shards.flat().sort()).toEqual([...items].sort());
    }),
  );
});

test.each(['0/4', '5/4', '2', 'a/b', '1/0'])('%s is no shard', (shard) => {
  expect(() => parseShard(shard)).toThrow(L4labError);
});
