import fc from 'fast-check';
import { contains, fewest, type Topology } from './topology.ts';

/** Nodes a to e around one switch, each link of its own wire. */
function star(spokes: string, ipv6 = false): Topology {
  const names = Array.from(spokes);
  return {
    nodes: [
      { name: 'l2', ports: names.map((name) => ({ name, mac: `l2-${name}`, peer: name })) },
      ...names.map((name) => ({ name, ports: [{ name: 'l2', mac: name, peer: 'l2' }] })),
    ],
    links: names.map((name) => ({
      ends: [
        { node: name, iface: 'l2' },
        { node: 'l2', iface: name },
      ],
    })),
    ipv6,
  };
}

test('a lab serves every plan whose nodes, ports and MACs it has', () => {
  expect(contains(star('abc'), star('ac'))).toBe(true);
  expect(contains(star('ac'), star('abc'))).toBe(false);
  const otherMac = star('a');
  otherMac.nodes[1]!.ports[0]!.mac = 'other';
  expect(contains(star('abc'), otherMac)).toBe(false);
  expect(contains(star('a'), { ...star('a'), nodes: [...star('a').nodes, { name: 'alone', ports: [] }] })).toBe(false);
});

test('wires without IPv6 do not serve a plan that needs it; they get it where one lab serves both', () => {
  expect(contains(star('ab'), star('a', true))).toBe(false);
  expect(contains(star('ab', true), star('a'))).toBe(true);
  expect(fewest([star('a', true), star('abc'), star('bd')])).toEqual([star('abc', true), star('bd')]);
});

const spokes = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
  .map((names) => names.join(''));

test('every topology has a lab that serves it, and no lab could be spared', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spokes, fc.boolean())), (made) => {
      const topologies = made.map(([names, ipv6]) => star(names, ipv6));
      const labs = fewest(topologies);
      for (const topology of topologies) expect(labs.filter((lab) => contains(lab, topology))).not.toEqual([]);
      for (const lab of labs) {
        const others = labs.filter((other) => other !== lab);
        expect(others.filter((other) => contains({ ...other, ipv6: true }, lab))).toEqual([]);
      }
    }),
  );
});
