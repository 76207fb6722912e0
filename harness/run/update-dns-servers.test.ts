import { oneArm, VIP_A, VIP_B } from '../model/testing/labs.ts';
import { plan as planOf } from '../model/testing/lab-builder.ts';
import { servicesDown } from './update-dns-servers.ts';

const service = (vip: string, check: 'tcp' | 'none') => {
  return { vip, mode: 'proxy' as const, proxyIp: 'auto', check, pool: ['s1', 's2'] };
};
const plan = planOf(oneArm({ services: { a: service(VIP_A, 'tcp'), b: service(VIP_B, 'none') } }));

/** What the load balancer says of both servers of service a. */
function reported(s1: boolean, s2: boolean): string[] {
  const states = { s1, s2 };
  const servers = Object.entries(states).map(([server, up]) => ({ service: 'a', server, up }));
  return servicesDown(plan, new Map([['l4', servers]]));
}

test('a service is down when none of its servers is healthy; without a check it never is', () => {
  expect(reported(true, false)).toEqual([]);
  expect(reported(false, false)).toEqual(['a']);
});

test('a service without a load balancer is down', () => {
  const off = { ...plan, nodes: plan.nodes.map((node) => ({ ...node, balancer: null })) };
  expect(servicesDown(off, new Map())).toEqual(['a', 'b']);
});
