import type { KeptLab } from '../harness/fabric/kept-labs.ts';
import { chooseLab } from './kept-lab.ts';
import { psText } from './ps-command.ts';

const lab = (scenario: string): KeptLab => ({
  id: scenario,
  scenario,
  variant: 'base',
  since: new Date(2026, 10, 28, 9, 5),
  nodes: [
    { name: 'client', container: 'l4lab-1-client' },
    { name: 'l4', container: 'l4lab-1-l4' },
  ],
});
const dsr = lab('proxy-and-dsr/dsr');
const proxy = lab('proxy-and-dsr/proxy');

test.each([
  ['the only one needs no name', [dsr], undefined, dsr],
  ['its whole name', [proxy, dsr], 'proxy-and-dsr/dsr', dsr],
  ['the beginning of its name', [dsr, lab('basics/mtu')], 'proxy', dsr],
  ['what follows a slash', [proxy, dsr], 'dsr', dsr],
])('a lab is meant by %s', (_, labs, word, meant) => {
  expect(chooseLab(labs, word)).toBe(meant);
});

test.each([
  ['nothing is up', [], undefined, /^no lab is up; leave one running with: npx l4lab up SCENARIO$/],
  ['two are up', [dsr, proxy], undefined, /^several labs are up; .*proxy-and-dsr\/dsr, proxy-and-dsr\/proxy$/],
  ['a word means both', [dsr, proxy], 'proxy-and', /^several labs are up; /],
  ['a word means none', [dsr], 'proxy-and-dsr/drs', /is not up \(did you mean `proxy-and-dsr\/dsr`\?\)/],
])('no lab is chosen if %s', (_, labs, word, reported) => {
  expect(() => chooseLab(labs, word)).toThrow(reported);
});

test('ps lists labs with their nodes, or prints how to start one', () => {
  expect(psText([dsr])).toBe(
    'proxy-and-dsr/dsr [base], since 2026-11-28 09:05\n  client  l4lab-1-client\n  l4      l4lab-1-l4\n',
  );
  expect(psText([])).toBe('no lab is up; leave one running with: npx l4lab up SCENARIO\n');
});
