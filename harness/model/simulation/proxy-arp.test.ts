import { predict } from '../predict.ts';
import { flow, plan } from '../testing/lab-builder.ts';
import type { NodeSketch } from '../testing/lab-builder.ts';
import { oneArm } from '../testing/labs.ts';

/** What becomes of a call of s1 by a client that takes all addresses for neighbours. */
function outcome(l3: Partial<NodeSketch>, to = 's1:80'): unknown[] {
  const client = { interfaces: { l3: '198.51.100.10/4' } };
  const lab = plan(oneArm({ services: {}, nodes: { client, l3 } }));
  const [first, ...others] = predict(lab, flow(lab, 'client', to));
  expect(others).toEqual([]);
  return [first!.cause?.code ?? first!.outcome, first!.cause?.node];
}

test('a router answers for addresses that it reaches via another interface, and forwards to them', () => {
  expect(outcome({})).toEqual(['no-neighbour', 'client']);
  expect(outcome({ proxyArp: true })).toEqual(['works', undefined]);
});

test('not without forwarding, nor for addresses on the same interface', () => {
  expect(outcome({ proxyArp: true, forwarding: false })).toEqual(['no-neighbour', 'client']);
  const routes = [{ to: '203.0.113.11/32', via: '198.51.100.10' }];
  expect(outcome({ proxyArp: true, routes })).toEqual(['no-neighbour', 'client']);
});
