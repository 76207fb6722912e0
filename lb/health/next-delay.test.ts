import fc from 'fast-check';
import { checkSchema } from '../terms/config.ts';
import { nextDelay } from './next-delay.ts';

const check = fc
  .record({ intervalMs: fc.integer({ min: 50, max: 3_600_000 }), jitterPercent: fc.integer({ min: 0, max: 50 }) })
  .map((fields) => ({ ...checkSchema.parse({ type: 'tcp' }), ...fields }));
const random = fc.double({ min: 0, max: 1, noNaN: true });

it('the delay never leaves the interval by more than the jitter', () => {
  fc.assert(
    fc.property(check, random, (how, chance) => {
      const off = Math.abs(nextDelay(how, chance) - how.intervalMs);
      expect(off).toBeLessThanOrEqual((how.intervalMs * how.jitterPercent) / 100 + 1e-6);
    }),
  );
});

it('jitter uses its whole range, evenly around the interval', () => {
  fc.assert(
    fc.property(check, random, (how, chance) => {
      const [least, most] = [nextDelay(how, 0), nextDelay(how, 1)];
      expect(most - least).toBeCloseTo((2 * how.intervalMs * how.jitterPercent) / 100, 5);
      expect(nextDelay(how, chance) + nextDelay(how, 1 - chance)).toBeCloseTo(2 * how.intervalMs, 5);
    }),
  );
});

it('without jitter every delay is the interval', () => {
  const how = checkSchema.parse({ type: 'tcp', intervalMs: 700 });
  fc.assert(fc.property(random, (chance) => nextDelay(how, chance) === 700));
});
