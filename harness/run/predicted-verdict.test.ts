import { flow, plan } from '../model/testing/lab-builder.ts';
import { oneArm, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import type { Expectation, SingleExpectation } from '../terms/plan.ts';
import { wouldPass } from './predicted-verdict.ts';

const dsr = { vip: VIP_A, mode: 'dsr' as const, pool: ['s1', 's2'] };
const healthy = oneArm({ services: { a: dsr }, servers: { loopback: [VIP_A], ...QUIET_ARP } });
const withoutVip = oneArm({ services: { a: dsr } });
const halfDead = oneArm({ services: { a: dsr }, nodes: { s1: { loopback: [VIP_A], ...QUIET_ARP } } });
const cutOff = oneArm({ services: { a: dsr }, nodes: { l4: { down: ['l2'] } } });
const HALF: SingleExpectation[] = [{ outcome: 'works' }, { outcome: 'fails', cause: 'vip-not-on-server' }];

test.each<[string, typeof healthy, Expectation, boolean]>([
  ['works as expected', healthy, { outcome: 'works', servedBy: { eachOf: ['s1', 's2'] } }, true],
  ['works, however often by which server', healthy, { outcome: 'works', servedBy: { counts: { s1: 3, s2: 1 } } }, true],
  ['works by a server that is not expected', healthy, { outcome: 'works', servedBy: { one: 's1' } }, false],
  ['fails, which is not expected', withoutVip, { outcome: 'works' }, false],
  ['fails as expected', withoutVip, { outcome: 'fails', cause: 'vip-not-on-server' }, true],
  ['fails for another cause', withoutVip, { outcome: 'fails', cause: 'no-route' }, false],
  ['comes to a server with the TTL', healthy, { outcome: 'works', request: { ttlAt: { l4: 63, s1: 62 } } }, true],
  ['comes to a server with another TTL', healthy, { outcome: 'works', request: { ttlAt: { s1: 63 } } }, false],
  ['fails at the interface', cutOff, { outcome: 'fails', cause: 'no-neighbour', at: 'l3.l2' }, true],
  ['fails at another interface', cutOff, { outcome: 'fails', cause: 'no-neighbour', at: 'l3.client' }, false],
  ['loses as many as may be', halfDead, { outcome: 'varies', oneOf: HALF, lost: { atLeast: 2, atMost: 2 } }, true],
  ['loses some, where all work', healthy, { outcome: 'varies', oneOf: HALF, lost: { atLeast: 1 } }, false],
  ['loses not all, where all fail', withoutVip, { outcome: 'varies', oneOf: HALF, lost: { atMost: 3 } }, false],
])('%s', (_, sketch, expect_, passes) => {
  const lab = plan(sketch);
  expect(wouldPass({ ...flow(lab, 'client', 'a'), repeat: 4, expect: expect_ }, lab)).toBe(passes);
});
