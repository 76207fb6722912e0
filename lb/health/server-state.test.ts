import fc from 'fast-check';
import { afterCheck, UNCHECKED } from './server-state.ts';

const THRESHOLDS = { rise: 2, fall: 3 };

function after(results: string, thresholds = THRESHOLDS) {
  return Array.from(results).reduce(
    (state, r) => afterCheck(state, { ok: r === '+', reason: r }, thresholds),
    UNCHECKED,
  );
}

it.each([
  ['the first result counts at once', '+', true],
  ['the first result counts at once', '-', false],
  ['fewer failures than `fall` change nothing', '+--', true],
  ['`fall` failures in a row take a server down', '+---', false],
  ['a success in between starts the count again', '+--+--', true],
  ['fewer successes than `rise` change nothing', '-+', false],
  ['`rise` successes in a row bring a server up', '-++', true],
])('%s (%s)', (_, results, up) => {
  expect(after(results).up).toBe(up);
});

it('follows every run of results that reaches its threshold', () => {
  const result = fc.constantFrom('+', '-');
  fc.assert(
    fc.property(fc.array(result), result, fc.integer({ min: 1, max: 5 }), (before, last, n) => {
      const state = after(before.join('') + last.repeat(n), { rise: n, fall: n });
      expect(state.up).toBe(last === '+');
    }),
  );
});
