import { mac, plan } from '../../model/testing/lab-builder.ts';
import { inLineBridge, oneArm, VIP_A } from '../../model/testing/labs.ts';
import type { Sighting } from '../../terms/sighting.ts';
import { evidenceOf, segment } from '../testing/evidence.ts';
import { neverSent, swallowed } from './too-big.ts';

const sketch = oneArm({
  services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1'] } },
  nodes: { l2: { ofInterfaces: { s1: { mtu: 1300 } } } },
});

function large(time: number, node: string, direction: 'in' | 'out', iface: string, size: number): Sighting {
  const sighting = segment(time, [node, direction, iface], { seq: 7, flags: 'A', payloadLength: size - 52 });
  return { ...sighting, frame: { ...sighting.frame, length: size + 14 } };
}

test('a segment at a switch that is larger than its narrowest other port', () => {
  const evidence = evidenceOf(sketch, 'client', 'a', { packets: [large(1, 'l2', 'in', 'l3', 1500)] });
  expect(swallowed(evidence)).toMatchObject({ code: 'too-big', node: 'l2' });
});

test('a segment larger than the MTU of the interface at the other end of the wire', () => {
  const evidence = evidenceOf(sketch, 'client', 'a', { packets: [large(1, 's1', 'out', 'l2', 1500)] });
  expect(swallowed(evidence)).toMatchObject({ code: 'too-big', node: 'l2' });
});

test('an interface without an MTU setting has that of Ethernet', () => {
  const evidence = evidenceOf(oneArm({ services: {} }), 'client', 's1', {
    packets: [large(1, 's1', 'out', 'l2', 1600)],
  });
  expect(swallowed(evidence)!.detail).toMatchObject({ code: 'exceeds-interface', params: { size: 1600, mtu: 1500 } });
});

test('not if it was forwarded', () => {
  const packets = [large(1, 'l2', 'in', 'l3', 1500), large(2, 'l2', 'out', 'l4', 1500)];
  expect(swallowed(evidenceOf(sketch, 'client', 'a', { packets }))).toBeNull();
});

test('not if it fits; the kernel leaves room for a VLAN tag', () => {
  const packets = [large(1, 'l2', 'in', 'l3', 1304)];
  expect(swallowed(evidenceOf(sketch, 'client', 'a', { packets }))).toBeNull();
});

test('not if it is for the bridge itself, which may fragment it', () => {
  const inLine = inLineBridge({ services: {}, nodes: { l4: { ofInterfaces: { l3: { mtu: 1300 } } } } });
  const came = large(1, 'l4', 'in', 'l2', 1500);
  const piece = large(2, 'l4', 'out', 'l3', 1300);
  const own = mac(plan(inLine), 'l4', 'br0');
  const forL4 = { ...came, frame: { ...came.frame, dstMac: own } };
  expect(swallowed(evidenceOf(inLine, 's1', 'client', { packets: [forL4, piece] }))).toBeNull();
  expect(swallowed(evidenceOf(inLine, 's1', 'client', { packets: [came, piece] }))).not.toBeNull();
});

test('a segment of an own call that its L4 cannot send: the server accepted the call, and got no data', () => {
  const lab = oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1'], ownCalls: true } } });
  const accepted = segment(1, ['l4', 'in', 'l2'], { seq: 1, flags: 'SA' });
  const judged = (packets: Sighting[]) => {
    const evidence = evidenceOf(lab, 'l4', 'a', { packets });
    return neverSent({ ...evidence, flow: { ...evidence.flow, bytes: 4000 } });
  };
  expect(judged([accepted])).toMatchObject({ code: 'too-big', node: 'l4' });
  expect(judged([segment(1, ['l4', 'in', 'l2'], { seq: 1, flags: 'RA' })])).toBeNull();
});
