import { shippedScenario } from '../harness/project/testing/here.ts';
import { select } from './selection.ts';

const dsr = shippedScenario('proxy-and-dsr/dsr');
const pathMtu = shippedScenario('failures/path-mtu');
const names = (...selection: [variants: string[], flows: string[]]) =>
  select([dsr, pathMtu], { variants: selection[0], flows: selection[1] }).map(({ scenario }) => scenario.name);

test('a selection leaves the scenarios that have it', () => {
  expect(names([], [])).toEqual(['proxy-and-dsr/dsr', 'failures/path-mtu']);
  expect(names(['no-vip-on-s2', 'wide'], [])).toEqual(['proxy-and-dsr/dsr', 'failures/path-mtu']);
  expect(names([], ['client-to-vip'])).toEqual(['proxy-and-dsr/dsr']);
});

test('a stream may be named alone, or in one step', () => {
  const failover = shippedScenario('time/failover');
  expect(select([dsr, failover], { variants: [], flows: ['calls'] })).toEqual([failover]);
  expect(select([dsr, failover], { variants: [], flows: ['calm.calls'] })).toEqual([failover]);
  expect(() => select([dsr, failover], { variants: [], flows: ['all'] })).toThrow('no flow is named `all`');
});

test('a name that there is not is refused, also beside names that there are', () => {
  expect(() => names(['vip-on-loopback', 'no-vip-on-s3'], ['clent-to-vip'])).toThrow(
    'no variant is named `no-vip-on-s3` (did you mean `no-vip-on-s2`?); variants are vip-on-loopback, no-vip-on-loopback, no-vip-on-s2, routers-tell, switch-swallows, wide\n' +
      'no flow is named `clent-to-vip` (did you mean `client-to-vip`?); flows are client-to-vip, server-to-own-vip, other-server-to-vip, ',
  );
});

test('a name that chooses nothing beside the others is refused', () => {
  expect(() => names(['wide'], ['client-to-vip'])).toThrow(
    '--variant wide: nothing to run, since no such variant goes with the --flow given\n' +
      '--flow client-to-vip: nothing to run, since no such flow goes with the --variant given',
  );
  expect(() => names(['wide'], ['dnat', 'l3dsr'])).toThrow(
    /^--flow l3dsr: nothing to run, since no such flow goes with the --variant given$/,
  );
});
