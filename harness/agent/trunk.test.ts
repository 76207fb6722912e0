import type { NodePlan } from '../terms/plan.ts';
import type { WiredInterface } from './protocol.ts';
import { lowerDevicesOf, lengthRules, trunkCommands, untaggedRules } from './trunk.ts';

const mac = '02:00:00:00:00:0a';
const PLAIN: WiredInterface = { wireAddress: '100.64.0.2', name: 'l3', mac };
const TAGGED: WiredInterface = {
  wireAddress: '100.64.0.18',
  name: 'sw.q',
  mac,
  carries: [
    { name: 'sw.10', mac, vlan: 10 },
    { name: 'sw.20', mac, vlan: 20 },
  ],
};
const WITH_NATIVE: WiredInterface = { ...TAGGED, carries: [{ name: 'sw', mac, vlan: null }, TAGGED.carries![0]!] };

test('each VLAN of a trunk is a kernel device, with name and MAC from the plan', () => {
  expect(trunkCommands([PLAIN])).toEqual([]);
  const made = trunkCommands([PLAIN, TAGGED]).filter((line) => line.startsWith('link add'));
  expect(made).toEqual([
    `link add link sw.q name sw.10 address ${mac} type vlan id 10 loose_binding on`,
    `link add link sw.q name sw.20 address ${mac} type vlan id 20 loose_binding on`,
  ]);
  expect(untaggedRules([PLAIN, TAGGED])).toBe('');
  expect(lowerDevicesOf([PLAIN, TAGGED])).toEqual(['sw.q']);
});

test('untagged frames use an interface that sees no tagged ones', () => {
  const rules = untaggedRules([WITH_NATIVE]);
  expect(rules).toMatch(/device "sw\.q"[^}]*ether type != 8021q fwd to "sw\.n"\n/);
  expect(rules).toMatch(/device "sw\.n"[^}]*fwd to "sw\.q"\n/);
  expect(trunkCommands([WITH_NATIVE])).toContain(`link add name sw address ${mac} type veth peer name sw.n`);
  expect(lowerDevicesOf([WITH_NATIVE])).toEqual(['sw.q', 'sw.n']);
});

test('a frame too long for a VLAN interface is dropped before it, as at the end of a wire', () => {
  const on = (name: string, mtu?: number) => ({ name, peer: 'sw', mac, addresses: [], ...(mtu ? { mtu } : {}) });
  const node = { interfaces: [on('l3'), on('sw.10'), on('sw.20', 1400)] } as unknown as NodePlan;
  expect(lengthRules(node, ['sw.q'])).toMatch(
    /device "sw\.q"[^}]*\n {4}vlan id 10 meta length > 1504 drop\n {4}vlan id 20 meta length > 1404 drop\n/,
  );
  expect(lengthRules(node, [])).toBeNull();
});
