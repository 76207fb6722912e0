import type { FlowPlan, Plan } from '../terms/plan.ts';
import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import { CLIENT, crossSubnet, L4, oneArm, VIP_A } from './testing/labs.ts';
import type { Prediction } from '../terms/walk.ts';

const oneServer = { vip: VIP_A, pool: ['s1'] };

function only(lab: Plan, asked: FlowPlan): Prediction {
  const [first, ...others] = predict(lab, asked);
  expect(others).toEqual([]);
  return first!;
}

test('a refusal that cannot leave its node does not count', () => {
  const sketch = oneArm({ services: {} });
  delete sketch.nodes['s1']!.gateway;
  const lab = plan(sketch);
  expect(only(lab, flow(lab, 'client', 's1', 'udp')).cause).toMatchObject({ code: 'no-route', node: 's1' });
});

test('a reset from an address that was not called is no refusal', () => {
  const services = { a: { ...oneServer, mode: 'dnat' as const } };
  const past = plan(oneArm({ services, servers: { listeners: [] } }));
  expect(only(past, flow(past, 'client', 'a')).cause).toMatchObject({ code: 'reply-not-from-vip', node: 'client' });
  const toItself = plan(oneArm({ services, servers: { listeners: [], acceptLocal: true } }));
  expect(only(toItself, flow(toItself, 's1', 'a')).cause).toMatchObject({ code: 'reply-not-from-vip', node: 's1' });
});

test.each([
  ['no route', {}, 'no-route', 'l4'],
  ['a node that does not forward', { forwarding: false }, 'not-forwarding', 'l4'],
  ['it arrives', { routes: [{ to: `${CLIENT}/32`, via: '203.0.113.1' }] }, 'refused', 's1'],
])('a lost reset is no refusal: %s', (_, l4, code, node) => {
  const sketch = oneArm({ services: {}, servers: { gateway: L4, listeners: [] }, nodes: { l4 } });
  delete sketch.nodes['l4']!.gateway;
  const lab = plan(sketch);
  expect(only(lab, flow(lab, 'client', 's1')).cause).toMatchObject({ code, node });
});

test('a node undoes its NAT in an ICMP error about the very first packet of a connection', () => {
  const services = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s1'], protocol: 'udp' as const } };
  const sketch = crossSubnet({ services, nodes: { l4: { routes: [{ to: '198.51.100.0/26', via: '203.0.113.1' }] } } });
  delete sketch.nodes['l4']!.gateway;
  const lab = plan(sketch);
  const { cause, reply } = only(lab, flow(lab, 'client', 'a', 'udp'));
  expect(cause).toMatchObject({ code: 'no-route', node: 'l4' });
  expect(reply[0]).toMatchObject({ node: 'l4', src: { ip: VIP_A } });
});

test('an ICMP refusal that a stateful router drops is still a refusal', () => {
  const nodes = { l4: { firewall: 'stateful' as const } };
  const lab = plan(oneArm({ services: {}, servers: { gateway: L4 }, nodes }));
  expect(only(lab, flow(lab, 'client', 's1', 'udp')).cause).toMatchObject({ code: 'refused', node: 's1' });
});
