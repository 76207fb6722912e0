import { contains, network } from '../../harness/scenario/address.ts';
import { dualStack, inIpv6 } from './family.ts';

test('hosts of one subnet stay in one subnet, others do not', () => {
  const [near, alsoNear, far] = inIpv6(['203.0.113.11/25', '203.0.113.2/25', '203.0.113.139/25']) as string[];
  expect(contains(network(near!), alsoNear!)).toBe(true);
  expect(contains(network(near!), far!)).toBe(false);
  expect(near).toBe('2001:db8:0:7100::b/64');
});

test('a network that contains two subnets still contains both', () => {
  const [both, near, far] = inIpv6(['203.0.113.0/24', '203.0.113.11', '203.0.113.139']) as string[];
  expect(contains(both!, near!) && contains(both!, far!)).toBe(true);
});

test('an address outside all subnets stays outside', () => {
  const [routed, transit] = inIpv6(['198.51.100.240/32', '198.51.100.193/27']) as string[];
  expect(contains(network(transit!), routed!)).toBe(false);
});

test('other values do not change', () => {
  expect(inIpv6({ role: 'l3', port: 80, link: null, pool: ['s1'] })).toEqual({
    role: 'l3',
    port: 80,
    link: null,
    pool: ['s1'],
  });
});

test('addresses used as keys are converted too', () => {
  expect(inIpv6({ neighbours: { '203.0.113.1': 'l3' } })).toEqual({ neighbours: { '2001:db8:0:7100::1': 'l3' } });
});

test('a lab with both families has addresses, gateways and routes of both', () => {
  const lab = {
    nodes: { l4: { role: 'l4', gateway: '203.0.113.1', routes: [{ to: '198.51.100.0/26', via: '203.0.113.3' }] } },
    links: [{ l4: '203.0.113.2/25', l2: null }],
  };
  expect(dualStack(lab, inIpv6(lab))).toEqual({
    nodes: {
      l4: {
        role: 'l4',
        gateway: '203.0.113.1',
        routes: [
          { to: '198.51.100.0/26', via: '203.0.113.3' },
          { to: '::/0', via: '2001:db8:0:7100::1' },
          { to: '2001:db8:0:6400::/64', via: '2001:db8:0:7100::3' },
        ],
      },
    },
    links: [{ l4: { address: ['203.0.113.2/25', '2001:db8:0:7100::2/64'] }, l2: null }],
  });
});

test('NAT to an address has one for each family then', () => {
  const settings = { nat: { out: 'l2', to: '203.0.113.100' } };
  expect(dualStack(settings, inIpv6(settings))).toEqual({
    nat: { out: 'l2', to: ['203.0.113.100', '2001:db8:0:7100::64'] },
  });
});
