import { flow, plan } from '../model/testing/lab-builder.ts';
import { inLineBridge, oneArm, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import { predict } from '../model/predict.ts';
import type { Plan } from '../terms/plan.ts';
import { directions } from './direction.ts';
import type { Captured } from './recorder.ts';
import { ethernet, ipv4, tcp } from './testing/frames.ts';
import { captured, onTheWires } from './testing/wires.ts';

const lab = plan(oneArm({ services: {} }));

function mac(node: string, iface: string): string {
  return lab.nodes.find(({ name }) => name === node)!.interfaces.find(({ name }) => name === iface)!.mac;
}

function frame(from: string, iface: string, seq = 1): Buffer {
  const packet = ipv4(
    { src: '203.0.113.11', dst: '203.0.113.12', protocol: 6 },
    tcp({ srcPort: 1, dstPort: 80, flags: 2, seq }),
  );
  return ethernet(mac(from, iface), mac('s2', 'l2'), 0x0800, packet);
}

function paths(seen: Captured[], on: Plan = lab): string[] {
  return directions(seen, on, 0n).map(({ node, iface, direction }) => `${node} ${direction} ${iface}`);
}

test('of the two ends of a wire, the one that saw a frame first sent it', () => {
  const bytes = frame('s1', 'l2');
  expect(paths([captured(1, 's1', 'l2', bytes), captured(2, 'l2', 's1', bytes)])).toEqual(['s1 out l2', 'l2 in s1']);
  const flooded = frame('client', 'l3');
  expect(paths([captured(1, 'l2', 's1', flooded), captured(2, 's1', 'l2', flooded)])).toEqual([
    'l2 out s1',
    's1 in l2',
  ]);
});

test('times count from the origin', () => {
  const [first] = directions([captured(1_000_007, 's1', 'l2', frame('s1', 'l2'))], lab, 1_000_000n);
  expect(first!.time).toBe(7);
});

test('a frame seen at only one end was sent by the host with its source MAC', () => {
  expect(paths([captured(1, 's1', 'l2', frame('s1', 'l2'))])).toEqual(['s1 out l2']);
  expect(paths([captured(1, 's1', 'l2', frame('s2', 'l2'))])).toEqual(['s1 in l2']);
});

test('a frame at a switch port was sent by the switch unless the neighbour sent it', () => {
  expect(paths([captured(1, 'l2', 's1', frame('s2', 'l2'))])).toEqual(['l2 out s1']);
  expect(paths([captured(1, 'l2', 's1', frame('s1', 'l2'))])).toEqual(['l2 in s1']);
});

test('equal frames on one wire are matched in the order in which they were sent', () => {
  const bytes = frame('s1', 'l2');
  const times = [
    captured(1, 's1', 'l2', bytes),
    captured(2, 'l2', 's1', bytes),
    captured(3, 's1', 'l2', bytes),
    captured(4, 'l2', 's1', bytes),
  ];
  expect(paths(times)).toEqual(['s1 out l2', 'l2 in s1', 's1 out l2', 'l2 in s1']);
});

test('if the second of two equal frames is lost, both still have a direction', () => {
  const bytes = frame('s1', 'l2');
  expect(
    paths([captured(1, 's1', 'l2', bytes), captured(2, 'l2', 's1', bytes), captured(3, 's1', 'l2', bytes)]),
  ).toEqual(['s1 out l2', 'l2 in s1', 's1 out l2']);
});

test('the same frame on other wires is another crossing', () => {
  const bytes = frame('s1', 'l2');
  expect(
    paths([
      captured(1, 's1', 'l2', bytes),
      captured(2, 'l2', 's1', bytes),
      captured(3, 'l2', 's2', bytes),
      captured(4, 's2', 'l2', bytes),
    ]),
  ).toEqual(['s1 out l2', 'l2 in s1', 'l2 out s2', 's2 in l2']);
});

test('an L4 that keeps the source MAC sends frames with the MAC of another node', () => {
  const services = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'], sourceMac: 'keep' as const } };
  const keeps = plan(inLineBridge({ services, servers: { loopback: [VIP_A], ...QUIET_ARP } }));
  const walk = predict(keeps, flow(keeps, 'client', 'a'))[0]!;
  const seen = onTheWires(keeps, walk, { seq: 1, begins: 0 });
  expect(paths(seen, keeps)).toEqual(
    [...walk.request, ...walk.reply].map(({ node, direction, iface }) => `${node} ${direction} ${iface}`),
  );
});
