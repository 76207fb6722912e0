import { plan } from '../model/testing/lab-builder.ts';
import { oneArm } from '../model/testing/labs.ts';
import type { PairPlan } from '../terms/plan.ts';
import { conntrackdConfig } from './conntrackd.ts';

test('a member synchronises connections, except its own (checks and advertisements)', () => {
  const l4 = plan(oneArm({ services: {} })).nodes.find(({ name }) => name === 'l4')!;
  l4.interfaces[0]!.addresses.unshift('2001:db8::2/64');
  const pair: PairPlan = {
    name: 'edge',
    protocol: 'vrrp',
    id: 3,
    members: [{ node: 'l4', iface: 'l2', priority: 150 }],
    advertMs: 200,
    preempt: true,
    gratuitousArp: true,
    addresses: [],
    sync: 'conntrackd',
  };
  const config = conntrackdConfig(pair, l4);
  expect(config).toContain('IPv4_interface 203.0.113.2\n');
  expect(config).toContain('Interface l2\n');
  // Pairs on one wire do not hear each other.
  expect(config).toContain('Group 3783\n');
  const ignored = /Address Ignore \{([^}]*)\}/
    .exec(config)![1]!
    .trim()
    .split(/\s*\n\s*/);
  expect(ignored).toEqual(
    expect.arrayContaining(['IPv4_address 203.0.113.2', 'IPv6_address 2001:db8::2', 'IPv4_address 224.0.0.18']),
  );
});
