import { withLines } from './with-lines.ts';

test.each([
  [null, 'node_modules/\nreports/\n', ['node_modules/', 'reports/']],
  ['dist', 'dist\nnode_modules/\nreports/\n', ['node_modules/', 'reports/']],
  ['/node_modules\r\n', '/node_modules\r\nreports/\r\n', ['reports/']],
  ['reports\nnode_modules/\n', 'reports\nnode_modules/\n', []],
])('%j gets its missing lines', (before, after, added) => {
  expect(withLines(before, ['node_modules/', 'reports/'])).toEqual({ text: after, added });
});
