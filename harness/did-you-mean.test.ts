import { didYouMean } from './did-you-mean.ts';

const KNOWN = ['vip-on-loopback', 'no-vip-on-loopback', 'web', 's1'];

test.each([
  ['wbe', 'web'],
  ['vip-on-lopback', 'vip-on-loopback'],
  ['no-vip-on-loopbak', 'no-vip-on-loopback'],
  ['WEB', 'web'],
])('%s is %s with a typo', (name, meant) => {
  expect(didYouMean(name, KNOWN)).toBe(` (did you mean \`${meant}\`?)`);
});

test.each(['proxy', 'x', 's2'])('%s resembles none of them', (name) => {
  expect(didYouMean(name, KNOWN)).toBe('');
});
