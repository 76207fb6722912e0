import { truncated, textWidth } from './text-width.ts';

test('a text is truncated if it does not fit, and omitted if nothing of it is readable', () => {
  expect(truncated('stale-neighbour @ l3', 200)).toBe('stale-neighbour @ l3');
  expect(truncated('stale-neighbour @ l3', 60)).toBe('stale-n…');
  expect(truncated('stale-neighbour @ l3', 12)).toBe('');
});

test('Hangul is wider than Latin letters', () => {
  expect(textWidth('중단')).toBeGreaterThan(textWidth('ab'));
});
