import { namesText } from './names.ts';

const counted = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `s${from + i}`);

test.each([
  [counted(1, 60), 's1 … s60'],
  [counted(1, 60).sort(), 's1 … s60'],
  [counted(1, 3), 's1, s2, s3'],
  [[...counted(1, 6), 's8', ...counted(10, 60)], 's1 … s6, s8, s10 … s60'],
  [['web-1', 'web-2', 'web-3', 'web-4', 'db', 's9'], 'db, s9, web-1 … web-4'],
  [['s01', 's02', 's03', 's04'], 's01 … s04'],
  [['s8', 's9', 's10', 's11'], 's8 … s11'],
  [['s08', 's09', 's10', 's11'], 's08, s09, s10, s11'],
  [['s1', 's1'], 's1'],
  [[], ''],
])('%j becomes %s', (names, text) => {
  expect(namesText(names)).toBe(text);
});
