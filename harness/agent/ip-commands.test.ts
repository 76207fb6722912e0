import { plan } from '../model/testing/lab-builder.ts';
import { inLineBridge, oneArm, VIP_A } from '../model/testing/labs.ts';
import type { NodePlan } from '../terms/plan.ts';
import {
  bridgesOf,
  ipChangeCommands,
  ipCommands,
  ipUndoCommands,
  linkUpCommands,
  ruleCommands,
} from './ip-commands.ts';
import { sysctlsOf } from './node-sysctls.ts';
import { tablesOf } from './node-tables.ts';

function node(name: string, change: Partial<NodePlan> = {}): NodePlan {
  const found = plan(oneArm({ services: {}, servers: { loopback: [VIP_A] } })).nodes.find((n) => n.name === name)!;
  return { ...found, ...change };
}

test('a server gets its address, the VIP on its loopback, and then its routes', () => {
  expect(ipCommands(node('s1'))).toEqual([
    'addr add 203.0.113.11/24 dev l2',
    'link set dev l2 up',
    'addr add 203.0.113.80/32 dev lo',
    'route add default via 203.0.113.1 dev l2',
  ]);
});

test('no route is added over an interface that is down, because the kernel would refuse it', () => {
  const cut = node('s1');
  cut.interfaces[0]!.up = false;
  expect(ipCommands(cut)).toEqual([
    'addr add 203.0.113.11/24 dev l2',
    'link set dev l2 down',
    'addr add 203.0.113.80/32 dev lo',
  ]);
});

test('ports of a switch join its bridge before they come up', () => {
  const commands = ipCommands(node('l2'));
  const up = commands.indexOf('link set dev br0 up');
  expect(commands.slice(0, up)).toEqual(
    ['l3', 'l4', 's1', 's2', 'b1'].map((port) => `link set dev ${port} master br0`),
  );
});

test('a bridge with an address gets its own MAC', () => {
  const l4 = plan(inLineBridge({ services: {} })).nodes.find(({ name }) => name === 'l4')!;
  const mac = l4.interfaces.find(({ name }) => name === 'br0')!.mac;
  expect(ipCommands(l4)).toEqual(
    expect.arrayContaining([`link set dev br0 address ${mac} gso_max_segs 1`, 'addr add 203.0.113.2/24 dev br0']),
  );
});

test('an IPv6 address is used at once, without duplicate address detection', () => {
  const dual = node('s1');
  dual.interfaces[0]!.addresses = ['2001:db8::11/64'];
  expect(ipCommands(dual)[0]).toBe('addr add 2001:db8::11/64 dev l2 nodad');
});

test('all settings are reverted: addresses, MTU, bridge, cut links, neighbours', () => {
  const changed = node('s1');
  Object.assign(changed.interfaces[0]!, { mtu: 1400, up: false });
  expect(ipUndoCommands(changed)).toEqual([
    'addr del 203.0.113.80/32 dev lo',
    'addr flush dev l2',
    'link set dev l2 mtu 1500',
    'link set dev l2 up',
    'neigh flush all',
  ]);
  expect(ipUndoCommands(node('l2'))).toContain('link del br0');
});

test('a DSCP value is translated to its VIP at every interface of a server, for the VIP’s family', () => {
  const values = [
    { dscp: 11, address: '203.0.113.11', vip: VIP_A },
    { dscp: 12, address: '2001:db8::11', vip: '2001:db8::80' },
  ];
  const rules = tablesOf(node('s1', { undoDscp: values }))['netdev l4lab_undo_dscp']!;
  expect(rules).toContain('devices = { "l2" }');
  expect(rules).toContain('ip dscp 11 ip daddr 203.0.113.11 ip daddr set 203.0.113.80 ip dscp set 0');
  expect(rules).toContain('ip6 dscp 12 ip6 daddr 2001:db8::11 ip6 daddr set 2001:db8::80 ip6 dscp set 0');
});

const ALL_UP = (): boolean => true;

test('a multipath route uses only interfaces that are up', () => {
  const l3 = node('l3', {
    routes: [{ to: 'default', via: '203.0.113.2', dev: 'l2', others: [{ via: '198.51.100.10', dev: 'client' }] }],
  });
  expect(ipCommands(l3).at(-1)).toBe(
    'route add 0.0.0.0/0 nexthop via 203.0.113.2 dev l2 nexthop via 198.51.100.10 dev client',
  );
  expect(sysctlsOf(l3)).toMatchObject({
    'net/ipv4/fib_multipath_hash_policy': '3',
    'net/ipv4/fib_multipath_hash_fields': '55',
  });
  l3.interfaces.find(({ name }) => name === 'client')!.up = false;
  expect(ipCommands(l3).at(-1)).toBe('route add default via 203.0.113.2 dev l2');
});

test('an interface that comes up again gets its addresses and routes back', () => {
  const s1 = node('s1');
  s1.interfaces[0]!.addresses.push('2001:db8::11/64');
  expect(linkUpCommands(s1, ['l2'], ALL_UP)).toEqual([
    'link set dev l2 up',
    'addr replace 203.0.113.11/24 dev l2',
    'addr replace 2001:db8::11/64 dev l2 nodad',
    'route replace default via 203.0.113.1 dev l2',
  ]);
});

test('from one plan to another only differences are applied', () => {
  const before = node('s1');
  const moved = node('s1', { routes: [{ to: 'default', via: '203.0.113.2', dev: 'l2' }] });
  expect(ipChangeCommands(before, before, ALL_UP)).toEqual({ gone: [], come: [] });
  expect(ipChangeCommands(before, moved, ALL_UP)).toEqual({
    gone: [],
    come: ['route replace default via 203.0.113.2 dev l2'],
  });
  const bare = node('s1', { routes: [], loopback: [] });
  expect(ipChangeCommands(before, bare, ALL_UP)).toEqual({
    gone: ['addr del 203.0.113.80/32 dev lo', 'route del default via 203.0.113.1 dev l2'],
    come: [],
  });
});

test('source routes are a table with a rule; dropping routes have no next hop', () => {
  const here = { via: '203.0.113.1', dev: 'l2' };
  const before = node('s1', {
    routes: [
      { to: 'default', ...here },
      { to: 'default', from: '203.0.113.0/24', ...here },
      { to: '203.0.113.0/24', from: '203.0.113.0/24', via: null, dev: 'l2' },
      { to: 'default', from: '2001:db8::/64', via: '2001:db8::1', dev: 'l2' },
    ],
    deadEnds: [{ to: '10.0.0.0/8', type: 'blackhole' }],
    rules: ['203.0.113.0/24', '2001:db8::/64'],
  });
  const tables = [
    'route add 0.0.0.0/0 table 1000 via 203.0.113.1 dev l2',
    'route add 203.0.113.0/24 table 1000 dev l2',
    'route add ::/0 table 1001 via 2001:db8::1 dev l2',
    'route add blackhole 10.0.0.0/8',
    'rule add from 203.0.113.0/24 lookup 1000 pref 1000',
  ];
  expect(ipCommands(before).slice(-tables.length)).toEqual(tables);
  // ip(8) adds a rule for IPv4 by default.
  expect(ruleCommands('add', before, 6)).toEqual(['rule add from 2001:db8::/64 lookup 1001 pref 1001']);
  expect(ipUndoCommands(before).slice(0, 5)).toEqual([
    'route del 0.0.0.0/0 table 1000',
    'route del 203.0.113.0/24 table 1000',
    'route del ::/0 table 1001',
    'route del blackhole 10.0.0.0/8',
    'rule del from 203.0.113.0/24 lookup 1000 pref 1000',
  ]);
  const opened = ipChangeCommands(before, { ...before, deadEnds: [] }, ALL_UP);
  expect(opened.gone).toEqual(['route del blackhole 10.0.0.0/8']);
  expect(opened.come.filter((line) => line.startsWith('rule'))).toEqual([]);
  const unruled = node('s1', { routes: [{ to: 'default', ...here }] });
  expect(ipChangeCommands(before, unruled, ALL_UP).gone).toContain(
    'rule del from 203.0.113.0/24 lookup 1000 pref 1000',
  );
});

test('static neighbours are permanent, and removed with the plan', () => {
  const neighbours = [{ address: '203.0.113.1', dev: 'l2', mac: '02:00:00:00:00:99' }];
  const before = node('s1', { neighbours });
  const entry = 'neigh replace 203.0.113.1 lladdr 02:00:00:00:00:99 dev l2 nud permanent';
  expect(ipCommands(before).at(-1)).toBe(entry);
  expect(ipUndoCommands(before)).toContain('neigh flush to 203.0.113.1 dev l2 nud permanent');
  expect(ipChangeCommands(before, node('s1'), ALL_UP)).toEqual({
    gone: ['neigh flush to 203.0.113.1 dev l2 nud permanent'],
    come: [],
  });
  // The kernel forgets them with the interface.
  expect(linkUpCommands(before, ['l2'], ALL_UP)).toContain(entry);
});

test('a neighbour is resolved again within its age, whatever the random factor of the kernel', () => {
  const settings = sysctlsOf(node('l3', { neighbourAgeMs: 900 }));
  // Half to one and a half of it.
  expect(Number(settings['net/ipv4/neigh/l2/base_reachable_time_ms'])).toBe(600);
  expect(settings['net/ipv4/neigh/l2/delay_first_probe_time']).toBe('0');
});

test('a switch with VLANs has one bridge per VLAN; a port is in none for a VLAN that it does not carry', () => {
  const port = (name: string, more: object) => ({ name, peer: name.split('.')[0]!, mac: '', addresses: [], ...more });
  const sw = node('l2', {
    interfaces: [port('l3.10', { vlan: 10 }), port('l3.20', { vlan: 20, closed: true }), port('s1', { vlan: 30 })],
  });
  expect(bridgesOf(sw)).toEqual(['br0.10', 'br0.30']);
  const masters = ipCommands(sw).filter((line) => line.includes('master'));
  expect(masters).toEqual(['link set dev l3.10 master br0.10', 'link set dev s1 master br0.30']);
  expect(ipUndoCommands(sw)).toEqual(expect.arrayContaining(['link del br0.10', 'link del br0.30']));
});
