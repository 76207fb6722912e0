import { predict } from '../../harness/model/predict.ts';
import { flow, plan } from '../../harness/model/testing/lab-builder.ts';
import { oneArm, VIP_A } from '../../harness/model/testing/labs.ts';
import type { Hop, Prediction } from '../../harness/terms/walk.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import { walkDrawing } from './walk-drawing.ts';

const dnat = plan(
  oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1'] } }, servers: { gateway: '203.0.113.2' } }),
);
const noLoopback = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s1'] } } }));
const bySelf = plan(
  oneArm({
    services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s1'] } },
    servers: { loopback: [VIP_A] },
  }),
);

function drawn(lab: Plan, width: number, from = 'client'): string[] {
  const { cause, ...walk }: Prediction = predict(lab, flow(lab, from, 'a'))[0]!;
  return walkDrawing(walk, lab, { width, cause }).trimEnd().split('\n');
}

test('lanes, arrows in both directions, changes beside them, and marks where addresses are rewritten', () => {
  expect(drawn(dnat, 120)).toEqual([
    '     client    l3      l2      l4      s1',
    '       │       │       │       │       │    request',
    ' 1     ●──────▶│       │       │       │    198.51.100.10:40000 → 203.0.113.80:80',
    ' 2     │       ●──────▶│       │       │    src mac client → l3, dst mac l3 → l4, ttl 64 → 63',
    ' 3     │       │       ●──────▶│       │',
    ' 4     │       │       │◀──────◆       │    198.51.100.10:40000 → 203.0.113.11:80',
    '       │       │       │       │       │    src mac l3 → l4, dst mac l4 → s1, dst ip 203.0.113.80 → 203.0.113.11,',
    '       │       │       │       │       │    ttl 63 → 62',
    ' 5     │       │       ●──────────────▶│',
    '       │       │       │       │       │    reply',
    ' 6     │       │       │◀──────────────●    203.0.113.11:80 → 198.51.100.10:40000',
    ' 7     │       │       ●──────▶│       │',
    ' 8     │       │       │◀──────◆       │    203.0.113.80:80 → 198.51.100.10:40000',
    '       │       │       │       │       │    src mac s1 → l4, dst mac l4 → l3, src ip 203.0.113.11 → 203.0.113.80,',
    '       │       │       │       │       │    ttl 64 → 63',
    ' 9     │       │◀──────●       │       │',
    '10     │◀──────●       │       │       │    src mac l4 → l3, dst mac l3 → client, ttl 63 → 62',
  ]);
});

test('shows lane and cause where the walk ends', () => {
  const lines = drawn(noLoopback, 120);
  expect(lines.at(-1)).toBe('       │       │       │       │       ✗    vip-not-on-server');
  expect(lines.join('\n')).not.toContain('reply');
});

test('a packet that left and never arrived', () => {
  const walk = predict(dnat, flow(dnat, 'client', 'a'))[0]!;
  const lines = walkDrawing({ request: walk.request.slice(0, 1), reply: [] }, dnat, { width: 80, cause: null });
  expect(lines).toContain(' 1     ●──────✗│');
});

test('a loop is drawn once, with one line for the other rounds', () => {
  const [there] = predict(noLoopback, flow(noLoopback, 'client', 'a'))[0]!.request;
  const request = Array.from({ length: 63 }, (_, i): Hop[] => {
    const [node, iface] = i % 2 === 0 ? ['l3', 'l2'] : ['l2', 'l3'];
    const hop = { ...there!, node, ttl: 63 - i, changed: [] };
    return [
      { ...hop, iface, direction: 'out' },
      { ...hop, node: iface, iface: node, direction: 'in' },
    ];
  }).flat();
  const lines = walkDrawing({ request, reply: [] }, noLoopback, { width: 80, cause: { code: 'loop', node: 'l3' } });
  expect(lines.trimEnd().split('\n').slice(1)).toEqual([
    '       │       │    request',
    ' 1     ●──────▶│    198.51.100.10:40000 → 203.0.113.80:80',
    ' 2     │◀──────●',
    '       │       │    … 61 hops more, ttl 61 to 1',
    '       ✗       │    loop',
  ]);
});

test('a list replaces the lanes if there are too many nodes', () => {
  const lines = drawn(dnat, 30);
  expect(lines.slice(0, 2)).toEqual(['    request', ' 1  client → l3']);
});

test.each([60, 80, 100, 200])('no line is wider than a terminal of %i characters', (width) => {
  expect(Math.max(...drawn(dnat, width).map((line) => line.length))).toBeLessThanOrEqual(width);
});

test('on a narrow terminal labels are complete, below their arrow', () => {
  const narrow = drawn(dnat, 60);
  expect(narrow).toContain(' 4     │       │       │◀──────◆       │');
  expect(narrow).toContain('    dst ip 203.0.113.80 → 203.0.113.11, ttl 63 → 62');
});

test('a node that calls itself, and a flow without observed packets', () => {
  expect(drawn(bySelf, 80, 's1')[2]).toBe(' 1     ↺    203.0.113.80:40000 → 203.0.113.80:80');
  const nothing = walkDrawing({ request: [], reply: [] }, bySelf, { width: 80, cause: null });
  expect(nothing).toBe('No packet of this flow was on a wire.\n');
});

test('a wire of a trunk shows its VLAN', () => {
  const end = (ip: string) => ({ mac: '02:00:00:00:00:01', ip, port: 80 });
  const hop = { src: end('198.51.100.1'), dst: end('198.51.100.2'), ttl: 64, changed: [] };
  const request: Hop[] = [
    { ...hop, node: 'l3', iface: 'sw.10', direction: 'out' },
    { ...hop, node: 'sw', iface: 'l3.10', direction: 'in' },
  ];
  const one = (name: string, iface: string) => ({
    ...dnat.nodes[0]!,
    name,
    interfaces: [{ name: iface, peer: iface.split('.')[0]!, mac: name, addresses: [] }],
  });
  const nodes = [one('l3', 'sw.10'), one('sw', 'l3.10')];
  expect(walkDrawing({ request, reply: [] }, { nodes }, { width: 80, cause: null })).toContain('●──────▶│    VLAN 10');
});
