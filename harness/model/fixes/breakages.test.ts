import { breakages } from './breakages.ts';
import { plan } from '../testing/lab-builder.ts';
import { oneArm, QUIET_ARP, VIP_A } from '../testing/labs.ts';

const dsr = { vip: VIP_A, mode: 'dsr' as const, pool: ['s1'] };
const lab = plan(oneArm({ services: { a: dsr }, servers: { loopback: [VIP_A], ...QUIET_ARP } }));
const codesOf = (name: string): string[] =>
  breakages(lab).flatMap(({ breakage }) => (breakage.params.node === name ? [breakage.code] : []));

test('what a server may lose', () => {
  expect(codesOf('s1')).toEqual([
    'link-cut',
    'gateway-removed',
    'listeners-stopped',
    'loopback-emptied',
    'answers-arp',
    'announces-vip',
  ]);
});

test('what a load balancer may lose: not forwarding, which it needs', () => {
  expect(codesOf('l4')).toEqual([
    'link-cut',
    'gateway-removed',
    'balancer-stopped',
    'vip-disowned',
    'rp-filter-strict',
    'firewall-on',
  ]);
});

test('what a router with NAT may lose', () => {
  const nat = { out: 'l2', to: 'masquerade' as const };
  const hidden = breakages(plan(oneArm({ services: {}, nodes: { l3: { nat } } })));
  expect(hidden.filter(({ breakage }) => breakage.code === 'nat-off')).toEqual([
    { breakage: { code: 'nat-off', params: { node: 'l3' } }, change: { nodes: { l3: { nat: 'none' } } } },
  ]);
});

test('each link is cut once, and cut links stay cut', () => {
  const cut = breakages(lab).filter(({ breakage }) => breakage.code === 'link-cut');
  expect(cut).toHaveLength(lab.links.length);
  const more = breakages(plan(oneArm({ services: {}, nodes: { l3: { down: ['l2'] } } })));
  expect(more.filter(({ breakage }) => breakage.code === 'link-cut')).toHaveLength(lab.links.length - 1);
  expect(more[0]!.change).toEqual({ nodes: { client: { down: ['l3'] } } });
});
