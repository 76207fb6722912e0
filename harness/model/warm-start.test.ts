import type { KnownNeighbour, Plan } from '../terms/plan.ts';
import { flow, plan } from './testing/lab-builder.ts';
import { L3, L4, oneArm, QUIET_ARP, S1, S2, VIP_A } from './testing/labs.ts';
import { knownNeighbours } from './warm-start.ts';

const dsr = { vip: VIP_A, mode: 'dsr' as const, pool: ['s1'] };

function lab(settings: Partial<Parameters<typeof oneArm>[0]> = {}): Plan {
  const built = plan(oneArm({ services: { a: dsr }, servers: { loopback: [VIP_A], ...QUIET_ARP }, ...settings }));
  return { ...built, flows: [flow(built, 'client', 'a')], neighbours: 'warm' };
}

const of = (known: KnownNeighbour[], node: string): string[] =>
  known.filter((one) => one.node === node).map(({ address }) => address);

test('a node knows its gateway, a router and a load balancer the callers and servers of their subnets', () => {
  const known = knownNeighbours(lab());
  expect(of(known, 'client')).toEqual(['198.51.100.1']);
  expect(of(known, 's1')).toEqual([L3]);
  expect(of(known, 'l4')).toEqual([L3, S1]);
  expect(of(known, 'l3')).toEqual(['198.51.100.10', S1]);
});

test('no node resolves a VIP beforehand: flows show which MAC answers', () => {
  expect(knownNeighbours(lab()).map(({ address }) => address)).not.toContain(VIP_A);
});

test('a gateway that does not answer is unknown: it is resolved when a packet needs it', () => {
  expect(of(knownNeighbours(lab({ nodes: { l3: { down: ['l2'] } } })), 's1')).toEqual([]);
});

test('no node resolves an address of two nodes beforehand: flows show who answers first', () => {
  const twice = lab({ nodes: { s1: { gateway: L4 }, s2: { interfaces: { l2: `${L4}/24` } } } });
  expect(of(knownNeighbours(twice), 's1')).toEqual([]);
});

test('a cold lab has empty tables', () => {
  expect(knownNeighbours({ ...lab(), neighbours: 'cold' })).toEqual([]);
});

test('nor is a gateway with two links on the segment, although its own ARP request announced one of them', () => {
  const sketch = oneArm({ services: {} });
  const { s1, l2 } = sketch.nodes;
  const built = plan({
    ...sketch,
    nodes: { ...sketch.nodes, l2: l2!, s1: { ...s1!, interfaces: { ...s1!.interfaces, 'l2-2': '203.0.113.43/24' } } },
    links: [...sketch.links, ['l2', 's1']],
  });
  const known = knownNeighbours({ ...built, flows: [flow(built, 's2', 's1:80')], neighbours: 'warm' });
  expect(of(known, 's2')).toEqual([L3]);
  expect(of(known, 's1')).toEqual([L3, S2]);
});
