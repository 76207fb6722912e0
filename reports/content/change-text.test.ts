import { changeText } from './change-text.ts';

test('a MAC is the node that has it; a tunnel header is named as such', () => {
  const ownerOf = (mac: string) => (mac === '02:4c:00:00:00:01' ? 'l4' : null);
  const change = { field: 'dst mac' as const, from: '02:4c:00:00:00:01', to: '02:4c:00:00:00:02' };
  expect(changeText(change, ownerOf)).toBe('dst mac l4 → 02:4c:00:00:00:02');
  const inner = '198.51.100.10 > 203.0.113.80';
  expect(changeText({ field: 'carries', from: 'nothing', to: inner })).toBe(`encapsulated, ${inner} inside`);
  expect(changeText({ field: 'carries', from: inner, to: 'nothing' })).toBe('decapsulated');
});
