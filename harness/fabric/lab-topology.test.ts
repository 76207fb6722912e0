import fc from 'fast-check';
import { additions, canRun, extended, labsFor, type Topology } from './lab-topology.ts';

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

test('a lab fits every plan whose nodes, ports and MACs it has', () => {
  expect(canRun(star('abc'), star('ac'))).toBe(true);
  expect(canRun(star('ac'), star('abc'))).toBe(false);
  const otherMac = star('a');
  otherMac.nodes[1]!.ports[0]!.mac = 'other';
  expect(canRun(star('abc'), otherMac)).toBe(false);
  expect(canRun(star('a'), { ...star('a'), nodes: [...star('a').nodes, { name: 'alone', ports: [] }] })).toBe(false);
});

test('wires without IPv6 do not fit a plan that needs it', () => {
  expect(canRun(star('ab'), star('a', true))).toBe(false);
  expect(canRun(star('ab', true), star('a'))).toBe(true);
});

test('a topology that adds little shares a lab, which has the union of both', () => {
  expect(labsFor([star('a', true), star('abc')], 3)).toEqual([star('abc', true)]);
  expect(labsFor([star('abcd'), star('bcde')], 3)).toEqual([star('abcde')]);
  expect(labsFor([star('abcd'), star('cdef')], 3)).toEqual([star('abcd'), star('cdef')]);
});

test('one port cannot have two MACs, and a lab has its limit', () => {
  const otherMac = star('abcd');
  otherMac.nodes[1]!.ports[0]!.mac = 'other';
  expect(labsFor([star('abcd'), otherMac], 3)).toHaveLength(2);
  expect(labsFor([star('abcdefghijklmnopqr'), star('cdefghijklmnopqrs')], 3)).toHaveLength(1);
  expect(labsFor([star('abcdefghijklmnopqrs'), star('cdefghijklmnopqrst')], 3)).toHaveLength(2);
});

test('a lab grows a little, as far as its wires allow', () => {
  expect(extended(star('abc'), star('abcd'), null)).toEqual(star('abcd'));
  expect(extended(star('abcd'), star('bcde'), null)).toEqual(star('abcde'));
  expect(extended(star('a'), star('bcde'), null)).toBeNull();
  expect(extended(star('abc'), star('abcd', true), null)).toBeNull();
  expect(extended(star('abc', true), star('abcd'), null)).toEqual(star('abcd', true));
  const otherMac = star('abcd');
  otherMac.nodes[1]!.ports[0]!.mac = 'other';
  expect(extended(star('abc'), otherMac, null)).toBeNull();
});

const spokes = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
  .map((names) => names.join(''));

test('a grown lab has everything of before and the new parts, each once', () => {
  fc.assert(
    fc.property(spokes, spokes, (a, b) => {
      const [lab, other] = [star(a), star(b)];
      const whole = extended(lab, other, null);
      fc.pre(whole !== null);
      const { nodes, links } = additions(whole, lab);
      const ports = ({ nodes: of }: Pick<Topology, 'nodes'>): string[] =>
        of.flatMap(({ name, ports: own }) => own.map(({ peer }) => `${name} ${peer}`)).sort();
      expect([...ports(lab), ...ports({ nodes })].sort()).toEqual(ports(whole));
      expect(links).toHaveLength(whole.links.length - lab.links.length);
      expect(additions(whole, other).nodes.every(({ name }) => lab.nodes.some((node) => node.name === name))).toBe(
        true,
      );
    }),
  );
});

test('every topology has a lab that fits, and every lab is needed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spokes, fc.boolean())), fc.integer({ min: 1, max: 4 }), (made, workers) => {
      const topologies = made.map(([names, ipv6]) => star(names, ipv6));
      const labs = labsFor(topologies, workers);
      for (const topology of topologies) expect(labs.filter((lab) => canRun(lab, topology))).not.toEqual([]);
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

test('two nodes may share several wires, each of a VLAN: a lab with one of them lacks the other', () => {
  const trunk = (vlans: number[]): Topology => ({
    nodes: [
      { name: 'a', ports: vlans.map((vlan) => ({ name: `b.${vlan}`, mac: 'a', peer: 'b' })) },
      { name: 'b', ports: vlans.map((vlan) => ({ name: `a.${vlan}`, mac: 'b', peer: 'a' })) },
    ],
    links: vlans.map((vlan) => ({
      ends: [
        { node: 'a', iface: `b.${vlan}` },
        { node: 'b', iface: `a.${vlan}` },
      ],
    })),
    ipv6: false,
  });
  expect(canRun(trunk([10]), trunk([10, 20]))).toBe(false);
  expect(canRun(trunk([10, 20]), trunk([20]))).toBe(true);
  expect(labsFor([trunk([10]), trunk([20])], 1)).toEqual([trunk([10, 20])]);
  // With tags both ends have made what it carries.
  expect(extended(trunk([10, 20]), trunk([10, 30]), 'wires')).toEqual(trunk([10, 20, 30]));
  expect(extended(trunk([10, 20]), trunk([10, 30]), 'tagged')).toBeNull();
});
