import fc from 'fast-check';
import { longest, outagesAmong, type Timed } from './outages.ts';

const STEP = { beginMs: 0, endMs: 1000 };

const call = (beginMs: number, works: boolean, took = 1): Timed => ({ beginMs, endMs: beginMs + took, works });

const every20ms = (fails: (ms: number) => boolean): Timed[] =>
  Array.from({ length: 50 }, (_, index) => call(index * 20, !fails(index * 20)));

test('an outage goes from the last answer before it to the first one after', () => {
  const calls = every20ms((ms) => ms >= 200 && ms < 600);
  expect(outagesAmong(calls, STEP, 20)).toEqual([{ fromMs: 181, toMs: 601, ms: 420, first: 10, last: 29 }]);
});

test('it begins with the step if nothing worked before, and ends with it if nothing works after', () => {
  expect(
    longest(
      outagesAmong(
        every20ms(() => true),
        STEP,
        20,
      ),
    ),
  ).toEqual({ fromMs: 0, toMs: null, ms: 1000 });
});

test('single successful calls do not end it, many do', () => {
  const oneInThree = every20ms((ms) => ms < 400 && ms % 60 === 0);
  expect(outagesAmong(oneInThree, STEP, 20)).toMatchObject([{ fromMs: 0, toMs: 381 }]);
  const twice = every20ms((ms) => ms === 100 || ms === 900);
  expect(outagesAmong(twice, STEP, 20)).toMatchObject([
    { fromMs: 81, toMs: 121 },
    { fromMs: 881, toMs: 921 },
  ]);
  expect(outagesAmong(twice, STEP, 50)).toMatchObject([{ fromMs: 81, toMs: 921 }]);
});

test('a late answer does not end it', () => {
  const calls = [call(0, true), call(20, true, 500), call(40, false), call(60, false), call(700, true)];
  expect(longest(outagesAmong(calls, STEP, 20))).toEqual({ fromMs: 1, toMs: 701, ms: 700 });
});

const timed = fc
  .array(fc.record({ beginMs: fc.nat(1000), took: fc.nat(1500), works: fc.boolean() }), { maxLength: 60 })
  .map((all) =>
    all.sort((a, b) => a.beginMs - b.beginMs).map(({ beginMs, took, works }) => call(beginMs, works, took)),
  );

test('no outage is longer than the step or negative; each failed call is in exactly one', () => {
  fc.assert(
    fc.property(timed, fc.integer({ min: 1, max: 30 }), (calls, calm) => {
      const outages = outagesAmong(calls, STEP, calm);
      for (const { ms, fromMs, toMs, first, last } of outages) {
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(1000);
        expect(fromMs).toBeLessThanOrEqual(calls[first]!.beginMs);
        expect(toMs ?? 1000).toBeGreaterThanOrEqual(Math.min(1000, calls[last]!.beginMs));
      }
      const failed = calls.flatMap(({ works }, index) => (works ? [] : [index]));
      for (const index of failed) {
        expect(outages.filter(({ first, last }) => first <= index && index <= last)).toHaveLength(1);
      }
      expect(outages.length === 0).toBe(failed.length === 0);
    }),
  );
});
