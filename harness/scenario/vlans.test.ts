import { stringify } from 'yaml';
import { segmentOf } from './lookup.ts';
import { readLab, readScenario } from './read/read.ts';
import { resolvePlan } from './resolve/resolve.ts';
import { parseYaml } from './yaml-file.ts';
import type { NodePlan, Plan } from '../terms/plan.ts';

const LAB = `
title: Two switches
nodes:
  client: { role: client }
  l3: { role: l3 }
  a: { role: l2, ports: { l3: { trunk: [20, 10] }, b: { trunk: [10, 20], native: 10 } } }
  b: { role: l2, ports: { s1: { vlan: 20 }, a: { trunk: [10, 20], native: 10 } } }
  s1: { role: server, gateway: l3 }
links:
  - { client: 192.0.2.10/24, a: ~ }
  - { l3: { vlans: { 10: 198.51.100.1/24, 20: [203.0.113.1/24, '2001:db8::1/64'] } }, a: ~ }
  - { a: ~, b: ~ }
  - { s1: 203.0.113.11/24, b: ~ }
`;

function planOf(nodes: object = {}): Plan {
  const flows = { call: { from: 's1', to: 'l3', port: 80, expect: 'works' } };
  const yaml = parseYaml('scenario.yaml', stringify({ title: 't', lab: 'lab', nodes, flows }));
  const scenario = readScenario('s', 'lab', readLab(parseYaml('lab.yaml', LAB)), yaml);
  return resolvePlan(scenario, scenario.variants[0]!);
}

function node(plan: Plan, name: string): NodePlan {
  return plan.nodes.find((one) => one.name === name)!;
}

test('a node has an interface for each VLAN of a trunk, which share the MAC of its port', () => {
  const { interfaces } = node(planOf(), 'l3');
  expect(interfaces).toMatchObject([
    { name: 'a.10', peer: 'a', vlan: 10, addresses: ['198.51.100.1/24'] },
    { name: 'a.20', peer: 'a', vlan: 20, addresses: ['203.0.113.1/24', '2001:db8::1/64'] },
  ]);
  expect(interfaces[0]!.mac).toBe(interfaces[1]!.mac);
});

test('a trunk is a wire for each VLAN; native frames, and those of access ports, have no tag', () => {
  const { links } = planOf();
  expect(links.map(({ ends: [a, b], vlan }) => [`${a.node} ${a.iface}`, `${b.node} ${b.iface}`, vlan ?? null])).toEqual(
    [
      ['client a', 'a client', null],
      ['l3 a.10', 'a l3.10', 10],
      ['l3 a.20', 'a l3.20', 20],
      ['a b', 'b a', null],
      ['a b.20', 'b a.20', 20],
      ['s1 b', 'b s1', null],
    ],
  );
});

test('ports without settings are in VLAN 1', () => {
  const vlans = (plan: Plan, name: string): unknown => node(plan, name).interfaces.map((i) => [i.name, i.vlan]);
  expect(vlans(planOf(), 'a')).toEqual([
    ['client', 1],
    ['l3.10', 10],
    ['l3.20', 20],
    ['b', 10],
    ['b.20', 20],
  ]);
});

test('a broadcast stays in its VLAN', () => {
  const plan = planOf();
  expect([...segmentOf(plan, { node: 's1', iface: 'b' })].sort()).toEqual(['a', 'b', 'l3']);
  expect([...segmentOf(plan, { node: 'client', iface: 'a' })]).toEqual(['a']);
});

test("a scenario's settings of a port replace the lab's, and change no wire", () => {
  const plan = planOf({ a: { ports: { l3: { trunk: [10] } } } });
  expect(plan.links).toEqual(planOf().links);
  expect(node(plan, 'a').interfaces.find(({ name }) => name === 'l3.20')).toMatchObject({ vlan: 20, closed: true });
  expect([...segmentOf(plan, { node: 's1', iface: 'b' })].sort()).toEqual(['a', 'b']);
});
