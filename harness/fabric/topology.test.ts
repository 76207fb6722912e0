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

test('wires without IPv6 do not serve a plan that needs it', () => {
  expect(contains(star('ab'), star('a', true))).toBe(false);
  expect(contains(star('ab', true), star('a'))).toBe(true);
});

test('a topology that adds little shares a lab, which has what each of them has', () => {
  expect(fewest([star('a', true), star('abc')])).toEqual([star('abc', true)]);
  expect(fewest([star('abcd'), star('bcde')])).toEqual([star('abcde')]);
  expect(fewest([star('abcd'), star('cdef')])).toEqual([star('abcd'), star('cdef')]);
});

test('one port cannot have two MACs, and a lab has its limit', () => {
  const otherMac = star('abcd');
  otherMac.nodes[1]!.ports[0]!.mac = 'other';
  expect(fewest([star('abcd'), otherMac])).toHaveLength(2);
  expect(fewest([star('abcdefghijklmnopqr'), star('cdefghijklmnopqrs')])).toHaveLength(1);
  expect(fewest([star('abcdefghijklmnopqrs'), star('cdefghijklmnopqrst')])).toHaveLength(2);
});

const spokes = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
  .map((names) => names.join(''));

test('every topology has a lab that serves it, and every lab is what its wires need', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spokes, fc.boolean())), (made) => {
      const topologies = made.map(([names, ipv6]) => star(names, ipv6));
      const labs = fewest(topologies);
      for (const topology of topologies) expect(labs.filter((lab) => contains(lab, topology))).not.toEqual([]);
      for (const { nodes, links } of labs) {
        const ends = links.flatMap((link) => link.ends.map(({ node, iface }) => `${node} ${iface}`));
        expect(ends.sort()).toEqual(
          nodes.flatMap(({ name, ports }) => ports.map(({ peer }) => `${name} ${peer}`)).sort(),
        );
        expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
      }
    }),
  );
});
