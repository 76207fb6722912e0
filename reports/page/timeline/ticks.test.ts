import type { CallResult } from '../../../harness/terms/timeline-results.ts';
import { signPath, tickPath } from './ticks.ts';

const calls = Array.from({ length: 10_000 }, (_, i) => ({ beginMs: i * 20 })) as CallResult[];
const places = calls.map((_, i) => i);
const strokes = (path: string) => path.split('M').length - 1;

test('the number of strokes never exceeds the number of pixels', () => {
  const all = { view: { fromMs: 0, toMs: 200_000 }, width: 900, y: 0, height: 10 };
  expect(strokes(tickPath(places, calls, all))).toBeLessThanOrEqual(901);
  expect(strokes(tickPath(places, calls, all))).toBeGreaterThan(800);
});

test('with enough space each call has a stroke; calls outside the view have none', () => {
  const near = { view: { fromMs: 1000, toMs: 1200 }, width: 900, y: 4, height: 10 };
  const path = tickPath(places, calls, near);
  expect(strokes(path)).toBe(11);
  expect(path.startsWith('M0,4v10M90,4v10')).toBe(true);
});

test('signs do not overlap, and differ in shape', () => {
  const all = { view: { fromMs: 0, toMs: 2000 }, width: 90, y: 0, height: 10 };
  const signs = [0, 1, 2, 3, 4].map((sign) => signPath([50], calls, all, sign));
  expect(new Set(signs).size).toBe(5);
  const many = signPath(places, calls, all, 1);
  expect(strokes(many)).toBeLessThanOrEqual(11);
});
