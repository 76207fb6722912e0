import fc from 'fast-check';
import type { NodePlan, Plan } from '../../../harness/terms/plan.ts';
import { samplePlan } from '../../samples/sample-labs.ts';
import { layoutTopology } from './layout.ts';

type Lab = Pick<Plan, 'nodes' | 'links'>;

const layoutOf = (lab: Lab) => layoutTopology({ ...lab, services: [] });
const tiers = (lab: Lab) => {
  const { boxes } = layoutOf(lab);
  const last = Math.max(...boxes.map(({ tier }) => tier));
  return Array.from({ length: last + 1 }, (_, t) => boxes.filter(({ tier }) => tier === t).map(({ name }) => name));
};

test('clients are at the top, servers at the bottom; a one-armed L4 is beside its switch, an in-line one between', () => {
  expect(tiers(samplePlan('one-arm'))).toEqual([['client'], ['l3'], ['l2', 'l4'], ['s1', 's2', 'b1']]);
  expect(tiers(samplePlan('in-line'))).toEqual([['client'], ['l3'], ['l4'], ['l2'], ['s1', 's2']]);
  expect(tiers(samplePlan('cross-subnet'))).toEqual([['client'], ['l3'], ['l2', 'l4', 'l2b'], ['s1', 's2']]);
});

const node = (name: string, role: NodePlan['role'], peers: string[]): NodePlan => ({
  name,
  role,
  interfaces: peers.map((peer) => ({ name: peer, peer, mac: '02:00:00:00:00:01', addresses: ['203.0.113.9/24'] })),
  loopback: [],
  routes: [],
  sysctls: {},
  bridge: role === 'l2',
  firewall: 'none',
  listeners: [],
  balancer: null,
});

test('two one-armed L4s are on opposite sides of their switch, so that no wire crosses a box', () => {
  expect(tiers(samplePlan('pair'))).toEqual([['client'], ['l3'], ['l4a', 'l2', 'l4b'], ['s1', 's2', 's3']]);
  const { boxes } = layoutOf(samplePlan('pair'));
  const [left, middle, right] = ['l4a', 'l2', 'l4b'].map((name) => boxes.find((b) => b.name === name)!);
  expect(middle!.x - left!.x - left!.width).toBe(right!.x - middle!.x - middle!.width);
  // A packet that turns back keeps clear of the text on that side only.
  expect(left!.outdent).toBe(right!.indent);
});

test('a link between L4s for advertisements does not count as an arm: its switch is below and hides no wire', () => {
  const peers: [name: string, role: NodePlan['role'], peers: string[]][] = [
    ['client', 'client', ['l3']],
    ['l3', 'l3', ['client', 'l2']],
    ['l2', 'l2', ['l3', 'l4a', 'l4b', 's1', 's2']],
    ['l4a', 'l4', ['l2', 'hb1']],
    ['l4b', 'l4', ['l2', 'hb2']],
    ['hb1', 'l2', ['l4a', 'hb2']],
    ['hb2', 'l2', ['l4b', 'hb1']],
    ['s1', 'server', ['l2']],
    ['s2', 'server', ['l2']],
  ];
  const links = peers.flatMap(([a, , others]) =>
    others
      .filter((b) => a < b)
      .map((b): Plan['links'][number] => ({
        ends: [
          { node: a, iface: b },
          { node: b, iface: a },
        ],
      })),
  );
  const lab = { nodes: peers.map((one) => node(...one)), links };
  expect(tiers(lab)).toEqual([['client'], ['l3'], ['l4a', 'l2', 'l4b'], ['hb1', 'hb2'], ['s1', 's2']]);
  const { boxes, wires } = layoutOf(lab);
  for (const { from, to } of wires.filter((wire) => wire.to.node.startsWith('s'))) {
    const below = boxes.filter(({ name }) => name.startsWith('hb'));
    for (const { x, width } of below) {
      const [left, right] = [Math.min(from.at.x, to.at.x), Math.max(from.at.x, to.at.x)];
      expect(right < x || left > x + width).toBe(true);
    }
  }
});

/** Any connected tree of nodes, with or without a client. */
const anyLab = fc
  .array(
    fc.record({
      role: fc.constantFrom<NodePlan['role']>('client', 'l3', 'l2', 'l4', 'server'),
      parent: fc.nat(),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((specs) => {
    const parents = specs.map(({ parent }, i) => (i === 0 ? null : parent % i));
    const peers = (i: number) =>
      parents.flatMap((parent, child) => (child === i && parent !== null ? [parent] : parent === i ? [child] : []));
    return {
      nodes: specs.map(({ role }, i) =>
        node(
          `n${i}`,
          role,
          peers(i).map((p) => `n${p}`),
        ),
      ),
      links: parents.flatMap((parent, i) =>
        parent === null
          ? []
          : [
              {
                ends: [
                  { node: `n${parent}`, iface: `n${i}` },
                  { node: `n${i}`, iface: `n${parent}` },
                ] as [never, never],
              },
            ],
      ),
    };
  });

test('in any lab every node is drawn once, inside the drawing, and no two overlap', () => {
  fc.assert(
    fc.property(anyLab, (lab) => {
      const { boxes, wires, width, height } = layoutOf(lab);
      expect(boxes.map(({ name }) => name).sort()).toEqual(lab.nodes.map(({ name }) => name).sort());
      expect(wires).toHaveLength(lab.links.length);
      for (const a of boxes) {
        expect(a.x).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width).toBeLessThanOrEqual(width);
        expect(a.y + a.height).toBeLessThanOrEqual(height);
        for (const b of boxes) {
          if (a === b) continue;
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart).toBe(true);
        }
      }
    }),
  );
});

test('a node shows what it holds: addresses, gateway, VIPs, proxy IPs, loopbacks', () => {
  const lab = samplePlan('one-arm');
  const [l4, s1] = [lab.nodes[3]!, lab.nodes[4]!];
  s1.loopback = ['203.0.113.80/32'];
  const hops = { via: '203.0.113.2', dev: 'l2', others: [{ via: '203.0.113.3', dev: 'l2' }] };
  lab.nodes[1]!.routes = [{ to: '192.0.2.80/32', ...hops }];
  const web = {
    name: 'web',
    vip: '203.0.113.80',
    port: 80,
    protocol: 'tcp',
    mode: 'proxy',
    pool: [],
    l4: l4.name,
  } as const;
  const { boxes } = layoutTopology({
    ...lab,
    services: [{ ...web, pool: [], l4s: [{ node: 'l4', proxyIps: ['203.0.113.254'] }] }],
  });
  const lines = (name: string) => boxes.find((b) => b.name === name)!.label.lines.map(({ text }) => text);
  expect(lines('l4')).toEqual([
    '203.0.113.2/24',
    'gw 203.0.113.1',
    'VIP 203.0.113.80:80 web (proxy)',
    'PIP 203.0.113.254',
  ]);
  expect(lines('s1')).toEqual(['203.0.113.11/24', 'gw 203.0.113.1', 'lo 203.0.113.80']);
  const v6 = layoutTopology({
    ...lab,
    services: [{ ...web, vip: '2001:db8::80', pool: [], l4s: [{ node: 'l4', proxyIps: [] }] }],
  });
  expect(v6.boxes.find((b) => b.name === 'l4')!.label.lines.map(({ text }) => text)).toContain(
    'VIP [2001:db8::80]:80 web (proxy)',
  );
  expect(lines('l3')).toEqual([
    'client: 198.51.100.1/24',
    'l2: 203.0.113.1/24',
    '192.0.2.80/32 via 203.0.113.2, 203.0.113.3',
  ]);
});

test('the VLANs of a trunk are one wire; a node with only that link is beside the switch, which lists VLAN members', () => {
  const onTrunk = (one: NodePlan): NodePlan => ({
    ...one,
    interfaces: [10, 20].map((vlan) => ({ ...one.interfaces[0]!, name: `sw.${vlan}`, vlan })),
  });
  const sw = node('sw', 'l2', []);
  for (const [name, vlan, peer] of [
    ['client', 10, 'client'],
    ['l3.10', 10, 'l3'],
    ['l3.20', 20, 'l3'],
    ['l4.10', 10, 'l4'],
    ['s1', 20, 's1'],
  ] as const)
    sw.interfaces.push({ name, peer, vlan, mac: '02:00:00:00:00:02', addresses: [] });
  sw.interfaces.push({ name: 'l4.20', peer: 'l4', vlan: 20, closed: true, mac: '02:00:00:00:00:02', addresses: [] });
  const nodes = [
    node('client', 'client', ['sw']),
    onTrunk(node('l3', 'l3', ['sw'])),
    onTrunk(node('l4', 'l4', ['sw'])),
    sw,
    node('s1', 'server', ['sw']),
  ];
  const links = sw.interfaces.map(({ name, peer }) => ({
    ends: [
      { node: peer, iface: name.replace(peer, 'sw') },
      { node: 'sw', iface: name },
    ] as [{ node: string; iface: string }, { node: string; iface: string }],
  }));
  const { boxes, wires } = layoutOf({ nodes, links });
  expect(wires).toHaveLength(4);
  expect(boxes.map(({ name, tier }) => [name, tier])).toEqual([
    ['client', 0],
    ['l3', 1],
    ['sw', 1],
    ['l4', 1],
    ['s1', 2],
  ]);
  expect(boxes.find(({ name }) => name === 'sw')!.label.lines.map(({ text }) => text)).toEqual([
    'VLAN 10: client, l3, l4',
    'VLAN 20: l3, s1',
  ]);
});

test('several links between two nodes are separate wires, across tiers and within one', () => {
  const twice = (a: string, b: string): Plan['links'] =>
    ['', '-2'].map((number) => ({
      ends: [
        { node: a, iface: `${b}${number}` },
        { node: b, iface: `${a}${number}` },
      ],
    }));
  const nodes = [
    node('client', 'client', ['l3']),
    node('l3', 'l3', ['client', 'l2']),
    node('l2', 'l2', ['l3', 'l4']),
    node('l4', 'l4', ['l2']),
  ];
  const { wires } = layoutOf({ nodes, links: [...twice('client', 'l3'), ...twice('l4', 'l2')] });
  expect(wires.map(({ link }) => link)).toEqual([1, 2, 1, 2]);
  const places = wires.map(({ from, to }) => JSON.stringify([from.at, to.at]));
  expect(new Set(places).size).toBe(4);
});
