import { planAt } from '../scenario/plan-at.ts';
import type { Plan, ActionPlan } from '../terms/plan.ts';
import { flow, mac, plan, type LabSketch, type NodeSketch } from './testing/lab-builder.ts';
import { predict } from './predict.ts';

const VIP = '203.0.113.80';

/** A client, a router, and an L4 with two links to it, each a subnet of its own; a server behind the L4. */
function inLine(l4: Partial<NodeSketch> = {}): LabSketch {
  return {
    nodes: {
      client: { role: 'client', gateway: 'l3', interfaces: { l3: '198.51.100.10/24' } },
      l3: {
        role: 'l3',
        forwarding: true,
        interfaces: { client: '198.51.100.1/24', l4: '203.0.113.1/26', 'l4-2': '203.0.113.65/26' },
      },
      l4: {
        role: 'l4',
        forwarding: true,
        gateway: 'l3',
        interfaces: { l3: '203.0.113.2/26', 'l3-2': '203.0.113.66/26', s1: '203.0.113.129/25' },
        ...l4,
      },
      s1: { role: 'server', gateway: 'l4', interfaces: { l4: '203.0.113.139/25' } },
    },
    links: [
      ['client', 'l3'],
      ['l3', 'l4'],
      ['l3', 'l4'],
      ['l4', 's1'],
    ],
    services: { web: { vip: VIP, mode: 'dnat', pool: ['s1'] } },
  };
}

const ways = (lab: Plan): string[] =>
  predict(lab, flow(lab, 'client', 'web')).map(({ cause, request, reply }) => {
    const atL4 = [...request, ...reply].filter(({ node, iface }) => node === 'l4' && iface !== 's1');
    return [cause?.code ?? 'works', ...atL4.map(({ direction, iface }) => `${direction} ${iface}`)].join(', ');
  });

test('interfaces of several links between two nodes have different names and MACs', () => {
  const lab = plan(inLine());
  const l4 = lab.nodes.find(({ name }) => name === 'l4')!;
  expect(l4.interfaces.map(({ name, peer, addresses }) => [name, peer, ...addresses])).toEqual([
    ['l3', 'l3', '203.0.113.2/26'],
    ['l3-2', 'l3', '203.0.113.66/26'],
    ['s1', 's1', '203.0.113.129/25'],
  ]);
  expect(mac(lab, 'l4', 'l3')).not.toBe(mac(lab, 'l4', 'l3-2'));
  expect(lab.links.map(({ ends }) => ends.map(({ iface }) => iface).join(' – '))).toEqual([
    'l3 – client',
    'l4 – l3',
    'l4-2 – l3-2',
    's1 – l4',
  ]);
});

test.each<[string, Partial<NodeSketch>, string]>([
  ['the gateway is at the first link', {}, 'works, in l3-2, out l3'],
  ['the gateway is at the second one', { gateway: 'l3-2' }, 'works, in l3-2, out l3-2'],
  ['a route by the second one', { routes: [{ to: '198.51.100.0/24', via: 'l3-2' }] }, 'works, in l3-2, out l3-2'],
  ['strict at the second one', { ofInterfaces: { 'l3-2': { rpFilter: 1 } } }, 'reverse-path, in l3-2'],
  ['strict at the first one', { ofInterfaces: { l3: { rpFilter: 1 } } }, 'works, in l3-2, out l3'],
  ['the second one cut', { down: ['l3-2'] }, 'no-neighbour'],
])('%s', (_, settings, expected) => {
  expect(ways(plan(inLine(settings)))).toEqual([expected]);
});

describe('two interfaces of a server on one segment', () => {
  const flat = (s1: Partial<NodeSketch> = {}): LabSketch => ({
    nodes: {
      client: { role: 'client', interfaces: { l2: '203.0.113.10/24' } },
      l2: { role: 'l2', bridge: true },
      s1: { role: 'server', interfaces: { l2: '203.0.113.11/24', 'l2-2': '203.0.113.12/24' }, ...s1 },
    },
    links: [
      ['client', 'l2'],
      ['s1', 'l2'],
      ['s1', 'l2'],
    ],
    services: {},
  });
  const comesBy = (lab: Plan): string[] => {
    const all = predict(lab, flow(lab, 'client', 's1'));
    return [...new Set(all.map(({ request }) => request.find(({ node }) => node === 's1')!.iface))].sort();
  };

  test('both answer ARP, which is no finding: both belong to one node', () => {
    const lab = plan(flat());
    expect(comesBy(lab)).toEqual(['l2', 'l2-2']);
    expect(predict(lab, flow(lab, 'client', 's1')).flatMap(({ findings }) => findings)).toEqual([]);
  });

  test('with arp_ignore only the interface with the address answers', () => {
    expect(comesBy(plan(flat({ arpIgnore: 1 })))).toEqual(['l2']);
  });
});

test('a step cuts one of the links, named by either end', () => {
  const lab = plan(inLine());
  const after = (...actions: ActionPlan[]): string[] => {
    const step = {
      name: 'cut',
      title: '',
      actions,
      forMs: 1,
      nodes: [],
      services: [],
      expect: [],
      at: lab.flows[0]?.at,
    };
    const timeline = { streams: [], steps: [step] } as unknown as NonNullable<Plan['timeline']>;
    return planAt({ ...lab, timeline }, 0).nodes.flatMap(({ name, interfaces }) =>
      interfaces.flatMap((iface) => (iface.up === false ? [`${name} ${iface.name}`] : [])),
    );
  };
  expect(after({ do: 'linkDown', link: ['l4', 'l3'], number: 2 })).toEqual(['l3 l4-2', 'l4 l3-2']);
  expect(after({ do: 'linkDown', link: ['l3', 'l4'] })).toEqual(['l3 l4', 'l4 l3']);
  expect(
    after({ do: 'linkDown', link: ['l4', 'l3'], number: 2 }, { do: 'linkUp', link: ['l3', 'l4'], number: 2 }),
  ).toEqual([]);
});
