import { explore } from './choices.ts';

test('every combination is tried once, the last choice varying fastest', () => {
  const seen = [...explore(({ choose }) => `${choose('server', ['s1', 's2'])}${choose('proxy ip', ['a', 'b', 'c'])}`)];
  expect(seen).toEqual(['s1a', 's1b', 's1c', 's2a', 's2b', 's2c']);
});

test('a choice that only arises after another one is tried only then', () => {
  const seen = [
    ...explore(({ choose }) => (choose('arp', ['l4', 's1']) === 'l4' ? choose('pick', ['s1', 's2']) : 'bypassed')),
  ];
  expect(seen).toEqual(['s1', 's2', 'bypassed']);
});

test('a decision holds for the rest of the run', () => {
  const seen = [...explore(({ choose }) => [choose('pick', [1, 2]), choose('pick', [1, 2])])];
  expect(seen).toEqual([
    [1, 1],
    [2, 2],
  ]);
});
