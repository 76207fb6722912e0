import { mac, plan } from '../../model/testing/lab-builder.ts';
import { oneArm, VIP_A } from '../../model/testing/labs.ts';
import { evidenceOf } from '../testing/evidence.ts';
import { causeOfFailure } from './index.ts';

const services = { a: { vip: VIP_A, mode: 'proxy' as const, proxyIp: 'auto', pool: ['s1'] } };

test('a MAC that is set by hand and whose node does not have the address; not where another MAC is on the frame', () => {
  const s2 = mac(plan(oneArm({ services })), 's2', 'l2');
  const found = (neighbours: Record<string, string>): unknown => {
    const seen = evidenceOf(oneArm({ services, nodes: { l3: { neighbours: { [VIP_A]: 's2' } } } }), 'client', 'a');
    return causeOfFailure({ ...seen, plan: plan(oneArm({ services, nodes: { l3: { neighbours } } })) });
  };
  expect(found({ [VIP_A]: 's2' })).toMatchObject({
    code: 'stale-neighbour',
    node: 'l3',
    detail: { code: 'neighbour-static', params: { mac: s2, owner: 's2', holder: 'l4' } },
  });
  expect(found({ [VIP_A]: 's1' })).not.toMatchObject({ code: 'stale-neighbour' });
});
