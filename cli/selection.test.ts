import { shippedScenario } from '../harness/project/testing/here.ts';
import { select } from './selection.ts';

const dsr = shippedScenario('proxy-and-dsr/dsr');
const pathMtu = shippedScenario('failures/path-mtu');
const names = (...selection: [variants: string[], flows: string[]]) =>
  select([dsr, pathMtu], { variants: selection[0], flows: selection[1] }).map(({ scenario }) => scenario.name);

test('a selection keeps the scenarios that contain it', () => {
  expect(names([], [])).toEqual(['proxy-and-dsr/dsr', 'failures/path-mtu']);
  expect(names(['no-vip-on-s2', 'wide'], [])).toEqual(['proxy-and-dsr/dsr', 'failures/path-mtu']);
  expect(names([], ['client-to-vip'])).toEqual(['proxy-and-dsr/dsr']);
});

test('a stream may be named alone, or in one step', () => {
  const failover = shippedScenario('time/failover');
  expect(select([dsr, failover], { variants: [], flows: ['calls'] })).toEqual([failover]);
  expect(select([dsr, failover], { variants: [], flows: ['calm.calls'] })).toEqual([failover]);
  expect(() => select([dsr, failover], { variants: [], flows: ['all'] })).toThrow('unknown flow `all`');
});

test('an unknown name is refused, also beside known names', () => {
  expect(() => names(['vip-on-loopback', 'no-vip-on-s3'], ['clent-to-vip'])).toThrow(
    'unknown variant `no-vip-on-s3` (did you mean `no-vip-on-s2`?); known: vip-on-loopback, no-vip-on-loopback, no-vip-on-s2, routers-tell, switch-swallows, switch-swallows-clamped, wide\n' +
      'unknown flow `clent-to-vip` (did you mean `client-to-vip`?); known: client-to-vip, server-to-own-vip, other-server-to-vip, ',
  );
});

test('a name that selects nothing in combination is refused', () => {
  expect(() => names(['wide'], ['client-to-vip'])).toThrow(
    '--variant wide: nothing to run, because the selected flows have no such variant\n' +
      '--flow client-to-vip: nothing to run, because the selected variants have no such flow',
  );
  expect(() => names(['wide'], ['dnat', 'l3dsr'])).toThrow(
    /^--flow l3dsr: nothing to run, because the selected variants have no such flow$/,
  );
});
