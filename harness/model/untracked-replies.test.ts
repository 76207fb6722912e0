import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import { L4, oneArm, QUIET_ARP, VIP_A } from './testing/labs.ts';

test.each([
  [false, 'works'],
  [true, 'fails'],
])('dsr replies through an L4 with a stateful firewall (vipOwner: %s): %s', (vipOwner, outcome) => {
  const services = { a: { vip: VIP_A, pool: ['s1'], mode: 'dsr' as const } };
  const servers = { gateway: L4, loopback: [VIP_A], ...QUIET_ARP };
  const lab = plan(oneArm({ services, servers, nodes: { l4: { vipOwner, firewall: 'stateful' } } }));
  expect(predict(lab, flow(lab, 'client', 'a')).map((prediction) => prediction.outcome)).toEqual([outcome]);
});
