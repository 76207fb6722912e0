import { plan } from '../model/testing/lab-builder.ts';
import { inLineBridge, oneArm, VIP_A } from '../model/testing/labs.ts';
import type { NodePlan } from '../terms/plan.ts';
import { ipCommands, ipUndoCommands, undoDscpRules } from './commands.ts';

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

test('over an interface that is down no route is added, since the kernel would refuse it', () => {
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

test('a bridge with an address is given its own MAC', () => {
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

test('what was set is taken back: addresses, MTU, bridge, cut links, neighbours', () => {
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

test('a DSCP value becomes its VIP at every interface of a server, in the words of the VIP’s family', () => {
  const values = [
    { dscp: 11, address: '203.0.113.11', vip: VIP_A },
    { dscp: 12, address: '2001:db8::11', vip: '2001:db8::80' },
  ];
  const rules = undoDscpRules(node('s1', { undoDscp: values }));
  expect(rules).toContain('devices = { "l2" }');
  expect(rules).toContain('ip dscp 11 ip daddr 203.0.113.11 ip daddr set 203.0.113.80 ip dscp set 0');
  expect(rules).toContain('ip6 dscp 12 ip6 daddr 2001:db8::11 ip6 daddr set 2001:db8::80 ip6 dscp set 0');
});
