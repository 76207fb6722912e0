import { fitting, textWidth } from './text-width.ts';

test('a text is cut where it has no more room, and left out where nothing of it can be read', () => {
  expect(fitting('stale-neighbour @ l3', 200)).toBe('stale-neighbour @ l3');
  expect(fitting('stale-neighbour @ l3', 60)).toBe('stale-n…');
  expect(fitting('stale-neighbour @ l3', 12)).toBe('');
});

test('Hangul takes more room than Latin letters', () => {
  expect(textWidth('중단')).toBeGreaterThan(textWidth('ab'));
});
