import type { PairPlan } from '../terms/plan.ts';
import { keepalivedConfig, quietRules, stateIn } from './keepalived.ts';

const EDGE: PairPlan = {
  name: 'edge',
  protocol: 'vrrp',
  id: 7,
  members: [
    { node: 'l4a', iface: 'l2', priority: 150 },
    { node: 'l4b', iface: 'lan', priority: 100 },
  ],
  advertMs: 150,
  preempt: false,
  gratuitousArp: false,
  addresses: [
    { address: '203.0.113.80', ifaces: { l4a: 'l2', l4b: 'lan' } },
    { address: '2001:db8::80', ifaces: { l4a: 'front', l4b: 'lan' } },
  ],
  sync: 'none',
};

test('each member advertises with its own priority and interface, and holds the addresses where it has their subnet', () => {
  expect(keepalivedConfig(EDGE, 'l4a', '/run/states')).toBe(`global_defs {
  vrrp_version 3
  vrrp_notify_fifo /run/states
  script_user root
}
vrrp_instance edge {
  state BACKUP
  interface l2
  virtual_router_id 7
  priority 150
  advert_int 0.15
  nopreempt
  garp_master_repeat 1
  garp_master_delay 0
  garp_lower_prio_repeat 1
  garp_lower_prio_delay 0
  virtual_ipaddress {
    203.0.113.80/32 dev l2
  }
  virtual_ipaddress_excluded {
    2001:db8::80/128 dev front
  }
}
`);
  const other = keepalivedConfig(EDGE, 'l4b', '/run/states');
  expect(other).toContain('interface lan');
  expect(other).toContain('priority 100');
  expect(other).toContain('203.0.113.80/32 dev lan');
});

test('VRRP over IPv4 carries no address of a pair with only IPv6 addresses', () => {
  const addresses = EDGE.addresses.slice(1);
  const config = keepalivedConfig({ ...EDGE, preempt: true, addresses }, 'l4b', '/run/states');
  expect(config).toContain('no_virtual_ipaddress');
  expect(config).toContain('2001:db8::80/128 dev lan');
  expect(config).not.toContain('nopreempt');
});

test('without gratuitous ARP, unsolicited announcements are dropped at egress', () => {
  const rules = quietRules(EDGE, 'l4a');
  expect(rules).toContain('devices = { "l2", "front" }');
  expect(rules).toContain('arp saddr ip 203.0.113.80 arp daddr ip 203.0.113.80 drop');
  expect(rules).toContain('icmpv6 taddr 2001:db8::80 drop');
});

test('states are read from the fifo of keepalived', () => {
  const lines = ['INSTANCE "edge" BACKUP 150', 'INSTANCE "edge" MASTER 150', 'INSTANCE "edge" FAULT 150'];
  expect(lines.map(stateIn)).toEqual(['backup', 'master', 'fault']);
  expect(stateIn('INSTANCE "edge" STOP 150')).toBe(null);
  expect(stateIn('GROUP "edge" MASTER 150')).toBe(null);
});
