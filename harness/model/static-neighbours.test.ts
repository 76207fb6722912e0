import { predict } from './predict.ts';
import { flow, mac, plan, type LabSketch, type NodeSketch } from './testing/lab-builder.ts';
import { inLine, inLineBridge, L3, L4, oneArm, S1, VIP_A } from './testing/labs.ts';

const NOBODY = '02:00:00:00:00:99';
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, proxyIp: 'auto', pool: ['s1'] } };

function outcome(nodes: Record<string, Partial<NodeSketch>>, to = 'a'): unknown {
  const sketch: LabSketch = oneArm({ services: proxy, nodes });
  const lab = plan(sketch);
  const [first] = predict(lab, flow(lab, 'client', to));
  return first!.cause?.detail ?? first!.outcome;
}

test('frames go to the static MAC, whoever answers ARP', () => {
  const lab = plan(oneArm({ services: proxy }));
  const wrong = (node: string, address: string, owner: string | null, holder: string | null, at: string): unknown => ({
    code: 'neighbour-static',
    params: { node, address, mac: at, owner, holder },
  });
  const s2 = mac(lab, 's2', 'l2');
  expect(outcome({ l3: { neighbours: { [VIP_A]: 's2' } } })).toEqual(wrong('l3', VIP_A, 's2', 'l4', s2));
  expect(outcome({ l4: { neighbours: { [S1]: NOBODY } } })).toEqual(wrong('l4', S1, null, 's1', NOBODY));
  expect(outcome({ l3: { neighbours: { [VIP_A]: 'l4' } } })).toBe('works');
});

test('a node means its interface on that segment, also if a prefix that is too short contains others', () => {
  const s1 = { interfaces: { l2: `${S1}/4` }, neighbours: { [L4]: 'l4' } };
  const lab = plan(inLine({ services: {}, nodes: { s1 } }));
  const { neighbours } = lab.nodes.find(({ name }) => name === 's1')!;
  expect(neighbours).toEqual([{ address: L4, dev: 'l2', mac: mac(lab, 'l4', 'l2') }]);
});

test('of flooded copies, the one that reached its MAC counts', () => {
  const lab = plan(oneArm({ services: proxy, nodes: { l3: { neighbours: { [VIP_A]: 's2' } } } }));
  const [first] = predict(lab, flow(lab, 'client', 'a'));
  expect(first!.request.at(-1)).toMatchObject({ node: 's2', direction: 'in' });
});

test('of copies without a receiver, the one that got furthest counts', () => {
  const sketch = inLineBridge({ services: {}, nodes: { s1: { neighbours: { [L3]: NOBODY } } } });
  const lab = plan(sketch);
  const [first] = predict(lab, flow(lab, 's1', 'client'));
  expect(first!.cause).toMatchObject({ code: 'stale-neighbour', node: 's1' });
  expect(first!.request.at(-1)).toMatchObject({ node: 'l4', direction: 'in' });
});

test('a switch without other ports drops the frame', () => {
  const lab = plan({
    nodes: {
      client: { role: 'client', interfaces: { l3: '198.51.100.10/24' } },
      l3: { role: 'l3', interfaces: { client: '198.51.100.1/24' } },
      l2: { role: 'l2' },
      s1: { role: 'server', interfaces: { l2: `${S1}/24` }, gateway: L3, neighbours: { [L3]: NOBODY } },
    },
    links: [
      ['client', 'l3'],
      ['s1', 'l2'],
    ],
    services: {},
  });
  const [first] = predict(lab, flow(lab, 's1', 'client'));
  expect(first!.cause).toMatchObject({ code: 'stale-neighbour', node: 's1' });
  expect(first!.request.map(({ node }) => node)).toEqual(['s1', 'l2']);
});

test('a node that forwards a packet not meant for it does no harm', () => {
  expect(outcome({ s1: { neighbours: { [L3]: 'l4' } } }, 's1:80')).toBe('works');
  // Another one of a node does not matter.
  expect(outcome({ l3: { neighbours: { '203.0.113.99': NOBODY } } })).toBe('works');
});

test.each([
  ['of IPv4, an answer goes to who asked: the call is lost on its way back', '192.0.2', '.', '/24', true],
  ['of IPv6, an answer is lost as packets are: who asked gets none, and cannot call', '2001:db8', '::', '/64', false],
])('%s', (_, net, dot, bits, leaves) => {
  const [client, s1] = [`${net}${dot}10`, `${net}${dot}11`] as const;
  const lab = plan({
    nodes: {
      client: { role: 'client', interfaces: { l2: `${client}${bits}` } },
      l2: { role: 'l2' },
      s1: { role: 'server', interfaces: { l2: `${s1}${bits}` }, neighbours: { [client]: NOBODY } },
    },
    links: [
      ['client', 'l2'],
      ['s1', 'l2'],
    ],
    services: {},
  });
  const [first] = predict(lab, flow(lab, 'client', 's1'));
  expect(first).toMatchObject({ outcome: 'fails', cause: { code: 'stale-neighbour', node: 's1' } });
  expect(first!.request.length > 0).toBe(leaves);
});

test('nor if the call is refused in the end', () => {
  const s2 = { neighbours: { [L3]: 'l4' } };
  const lab = plan(oneArm({ services: proxy, nodes: { s2, client: { listeners: [] } } }));
  expect(predict(lab, flow(lab, 's2', 'client:80'))[0]!.cause).toMatchObject({ code: 'refused', node: 'client' });
});
