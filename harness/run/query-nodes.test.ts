import { evidenceOf } from '../judge/testing/evidence.ts';
import { nextHopMark } from '../../lb/terms/next-hops.ts';
import type { RouteQuery } from '../agent/protocol.ts';
import { oneArm, S2, VIP_A } from '../model/testing/labs.ts';
import type { PooledLab } from './lab-pool.ts';
import { queryNodes } from './query-nodes.ts';

test('the kernel is queried about a reply to a NAT address with the caller as destination, as it routes it', async () => {
  const services = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s1'] } };
  const nodes = { l3: { nat: { out: 'l2', to: '192.0.2.1' } }, s1: { loopback: [VIP_A] } };
  const { walk, ...evidence } = evidenceOf(oneArm({ services, nodes }), 'client', 'a');
  const end = walk.reply.findIndex(({ node }) => node === 'l3');
  const asked: unknown[] = [];
  const node = (name: string) => ({
    ask: (what: string, question: unknown) => {
      if (what === 'routeGet') asked.push([name, question]);
      return Promise.resolve(what === 'serverStates' ? [] : 'routed');
    },
  });
  const lab = { node } as unknown as PooledLab['lab'];
  await queryNodes({ ...evidence, walk: { ...walk, reply: walk.reply.slice(0, end + 1) } }, { lab }, null);
  expect(asked).toContainEqual(['l3', { to: '198.51.100.10', incoming: { from: VIP_A, iif: 'l2' } }]);
});

test('a packet that only a service of mode `route` routes: the kernel is queried again, with the mark of its next hop', async () => {
  const evidence = evidenceOf(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1'] } } }), 'client', 'a');
  const routeServices = [{ name: 'out', mode: 'route' as const, to: 'any', hash: 'source' as const, nextHops: [S2] }];
  const nodes = evidence.plan.nodes.map((node) =>
    node.balancer === null
      ? node
      : { ...node, balancer: { ...node.balancer, config: { ...node.balancer.config, routeServices } } },
  );
  const end = evidence.walk.request.findIndex(({ node, direction }) => node === 'l4' && direction === 'in');
  const lost = { request: evidence.walk.request.slice(0, end + 1), reply: [] };
  const seen = { ...evidence, plan: { ...evidence.plan, nodes }, walk: lost };
  const asked: RouteQuery[] = [];
  const ask = (what: string, question: unknown) => {
    if (what === 'routeGet') asked.push(question as RouteQuery);
    return Promise.resolve(
      what === 'serverStates' ? [] : (question as RouteQuery | null)?.mark ? 'routed' : 'no-route',
    );
  };
  const lab = { node: () => ({ ask }) } as unknown as PooledLab['lab'];
  expect((await queryNodes(seen, { lab }, null)).kernel).toBe('routed');
  expect(asked.map(({ mark }) => mark)).toContain(nextHopMark(S2));
});
