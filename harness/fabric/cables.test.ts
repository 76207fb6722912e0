import { shippedScenario } from '../project/testing/here.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import { cablesOf, endAt, type Cable } from './cables.ts';
import { topologyOf, type Topology } from './lab-topology.ts';

const [{ plan }] = plansOf(shippedScenario('switching/l4-on-a-stick'), { variants: [], flows: [] }) as [
  ReturnType<typeof plansOf>[number],
];
const stick = topologyOf(plan);

/** Names of the interfaces at either end of each cable that leads to a node. */
const toward = (name: string, cables: Cable[]): string[][] =>
  cables
    .filter(({ links }) => links.some(({ ends }) => ends.some(({ node }) => node === name)))
    .map(({ links }) => links.flatMap(({ ends }) => ends.map(({ iface }) => iface)));

test('with tags a trunk is one cable; without, each of its VLANs is one', () => {
  const tagged = cablesOf(stick.links, true);
  expect(toward('l4', tagged)).toEqual([['sw.10', 'l4.10', 'sw.20', 'l4.20']]);
  expect(toward('client', tagged)).toEqual([['sw', 'client']]);
  expect(tagged.filter((cable) => cable.tagged)).toHaveLength(2);
  const wires = cablesOf(stick.links, false);
  expect(toward('l4', wires)).toEqual([
    ['sw.10', 'l4.10'],
    ['sw.20', 'l4.20'],
  ]);
  expect(wires.some((cable) => cable.tagged)).toBe(false);
});

test('an end of a trunk with tags has the interfaces of all its VLANs, by their names and MACs', () => {
  const l4 = stick.nodes.find(({ name }) => name === 'l4')!;
  const [mac] = l4.ports.map((port) => port.mac) as [string];
  const [trunk] = cablesOf(stick.links, true).filter(({ links }) => links[0]!.ends.some(({ node }) => node === 'l4'));
  expect(endAt(l4, trunk!, '100.64.0.2')).toEqual({
    wireAddress: '100.64.0.2',
    name: 'sw.q',
    mac,
    carries: [
      { name: 'sw.10', mac, vlan: 10 },
      { name: 'sw.20', mac, vlan: 20 },
    ],
  });
});

test('untagged frames have their own interface on a trunk, and get no tags elsewhere', () => {
  const links: Topology['links'] = [
    {
      ends: [
        { node: 'a', iface: 'b' },
        { node: 'b', iface: 'a' },
      ],
    },
    {
      ends: [
        { node: 'a', iface: 'b.20' },
        { node: 'b', iface: 'a.20' },
      ],
      vlan: 20,
    },
  ];
  const a = { name: 'a', ports: ['b', 'b.20'].map((name) => ({ name, mac: '02:00:00:00:00:0a', peer: 'b' })) };
  const [trunk, ...none] = cablesOf(links, true);
  expect(none).toEqual([]);
  expect(endAt(a, trunk!, '100.64.0.2').carries?.map(({ name, vlan }) => [name, vlan])).toEqual([
    ['b', null],
    ['b.20', 20],
  ]);
  expect(cablesOf(links.slice(0, 1), true)).toEqual([{ links: links.slice(0, 1), tagged: false }]);
});
