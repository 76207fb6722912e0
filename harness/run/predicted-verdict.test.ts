import { flow, plan } from '../model/testing/lab-builder.ts';
import { oneArm, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import type { Expectation } from '../terms/plan.ts';
import { wouldPass } from './predicted-verdict.ts';

const dsr = { vip: VIP_A, mode: 'dsr' as const, pool: ['s1', 's2'] };
const healthy = oneArm({ services: { a: dsr }, servers: { loopback: [VIP_A], ...QUIET_ARP } });
const withoutVip = oneArm({ services: { a: dsr } });

test.each<[string, typeof healthy, Expectation, boolean]>([
  ['works as expected', healthy, { outcome: 'works', servedBy: { eachOf: ['s1', 's2'] } }, true],
  ['works, however often by which server', healthy, { outcome: 'works', servedBy: { counts: { s1: 3, s2: 1 } } }, true],
  ['works by a server that is not expected', healthy, { outcome: 'works', servedBy: { one: 's1' } }, false],
  ['fails, which is not expected', withoutVip, { outcome: 'works' }, false],
  ['fails as expected', withoutVip, { outcome: 'fails', cause: 'vip-not-on-server' }, true],
  ['fails for another cause', withoutVip, { outcome: 'fails', cause: 'no-route' }, false],
])('%s', (_, sketch, expect_, passes) => {
  const lab = plan(sketch);
  expect(wouldPass({ ...flow(lab, 'client', 'a'), expect: expect_ }, lab)).toBe(passes);
});
