import { evidenceOf } from '../judge/testing/evidence.ts';
import { oneArm, VIP_A } from '../model/testing/labs.ts';
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
