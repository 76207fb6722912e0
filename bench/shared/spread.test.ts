import fc from 'fast-check';
import { spread } from './spread.ts';

test('the median is the middle one, or lies between the middle two', () => {
  expect(spread([10, 9, 1])).toEqual({ min: 1, median: 9, max: 10 });
  expect(spread([4, 1, 100, 2])).toEqual({ min: 1, median: 3, max: 100 });
});

test('as many values lie below the median as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { min, median, max } = spread(values);
      const below = values.filter((value) => value < median).length;
      const above = values.filter((value) => value > median).length;
      expect(below).toBeLessThanOrEqual(values.length / 2);
      expect(above).toBeLessThanOrEqual(values.length / 2);
      expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
    }),
  );
});
