import { samplePlan } from '../../samples/sample-labs.ts';
import { foldAlike } from './fold-alike.ts';
import { layoutTopology } from './layout.ts';

/** One-arm with this many servers on its switch. */
function withServers(count: number) {
  const lab = samplePlan('one-arm');
  const server = lab.nodes.find(({ name }) => name === 's1')!;
  const names = Array.from({ length: count }, (_, i) => `s${i + 1}`);
  const others = lab.nodes.filter(({ role }) => role !== 'server');
  const inner = others.map((node) => ({
    ...node,
    interfaces:
      node.name === 'l2'
        ? [
            ...node.interfaces.filter(({ peer }) => others.some(({ name }) => name === peer)),
            ...names.map((name) => ({ name, peer: name, mac: '', addresses: [] })),
          ]
        : node.interfaces,
  }));
  const servers = names.map((name, i) => ({
    ...server,
    name,
    interfaces: server.interfaces.map((iface) => ({ ...iface, addresses: [`203.0.113.${101 + i}/24`] })),
  }));
  const isInner = ({ node }: { node: string }): boolean => inner.some(({ name }) => name === node);
  return {
    nodes: [...inner, ...servers],
    links: [
      ...lab.links.filter(({ ends }) => ends.every(isInner)),
      ...names.map((name) => ({
        ends: [
          { node: 'l2', iface: name },
          { node: name, iface: 'l2' },
        ] as [{ node: string; iface: string }, { node: string; iface: string }],
      })),
    ],
    services: [],
  };
}

const drawn = (count: number, ...shown: string[]) => foldAlike(withServers(count), new Set(shown));

test('a pool of sixty is one box with names and addresses; nodes on the path are drawn separately', () => {
  const folded = drawn(60, 'client', 'l3', 'l2', 's7');
  const { boxes, wires } = layoutTopology(folded);
  expect(boxes.map(({ name }) => name)).toEqual(['client', 'l3', 'l2', 'l4', 's1 … s6, s8 … s60', 's7']);
  expect(wires).toHaveLength(5);
  const pool = boxes.find(({ name }) => name.startsWith('s1'))!;
  expect(pool.label.lines.map(({ text }) => text)).toContain('203.0.113.101 … 203.0.113.160/24');
  expect(layoutTopology(drawn(60)).width).toBeLessThan(1000);
});

test('a few servers are all drawn, and so is one that differs', () => {
  expect(drawn(6)).toEqual(withServers(6));
  const lab = withServers(60);
  lab.nodes.find(({ name }) => name === 's9')!.loopback = ['203.0.113.80/32'];
  const names = foldAlike(lab, new Set()).nodes.map(({ name }) => name);
  expect(names.slice(-2)).toEqual(['s1 … s8, s10 … s60', 's9']);
});
