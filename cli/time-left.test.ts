import fc from 'fast-check';
import { roughly, timeLeft } from './time-left.ts';

const forecast = { expectedMs: { a: 6000, b: 4000, c: 2000 }, atOnce: 2 };

test('the remaining time is shared by concurrent runs', () => {
  expect(timeLeft(forecast, new Map())).toBe(6000);
  expect(timeLeft(forecast, new Map([['a', 1000], ['b', 1000]]))).toBe(5000); // prettier-ignore
  expect(timeLeft(forecast, new Map([['a', Infinity], ['b', 5000], ['c', 500]]))).toBe(1500); // prettier-ignore
  expect(timeLeft(forecast, new Map(['a', 'b', 'c'].map((name) => [name, Infinity])))).toBe(0);
});

test('the longer scenarios have run, the less is left; never less than the longest one, never below nothing', () => {
  const expected = fc.dictionary(fc.string(), fc.nat(10_000));
  fc.assert(
    fc.property(
      expected,
      fc.integer({ min: 1, max: 4 }),
      fc.nat(9000),
      fc.nat(9000),
      (expectedMs, atOnce, ran, more) => {
        const after = (ms: number): number =>
          timeLeft({ expectedMs, atOnce }, new Map(Object.keys(expectedMs).map((name) => [name, ms])));
        expect(after(ran + more)).toBeLessThanOrEqual(after(ran));
        expect(after(ran)).toBeGreaterThanOrEqual(Math.max(0, ...Object.values(expectedMs).map((ms) => ms - ran)));
      },
    ),
  );
});

test.each([
  [0, '0 s'],
  [1, '1 s'],
  [9200, '10 s'],
  [10_001, '15 s'],
  [98_000, '100 s'],
  [100_000, '2 min'],
  [601_000, '11 min'],
])('%d ms are roughly %s', (ms, text) => expect(roughly(ms)).toBe(text));
