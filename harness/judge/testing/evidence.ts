import type { CauseCode } from '../../terms/cause.ts';
import { predict } from '../../model/predict.ts';
import { VIP_A } from '../../model/testing/labs.ts';
import { flow as flowOf, plan as planOf, type LabSketch } from '../../model/testing/lab-builder.ts';
import type { FlowKey } from '../../observe/flow-packets.ts';
import type { Arp, Frame, Icmp, Sighting } from '../../terms/sighting.ts';
import { causeOfFailure } from '../causes/index.ts';
import type { Evidence } from '../evidence/evidence.ts';

/** Address of the client in the labs of tests. */
export const CLIENT = '198.51.100.10';

/** Identifies the packets of a TCP flow of the client. */
export const TCP_KEY: FlowKey = {
  caller: 'client',
  protocol: 'tcp',
  address: VIP_A,
  port: 80,
  serverPorts: [],
  sourcePort: 20000,
  token: 'l4lab-x',
};

/** Evidence of a flow whose packets follow the model's prediction, without ARP and without kernel answers. */
export function evidenceOf(sketch: LabSketch, from: string, to: string, seen: Partial<Evidence> = {}): Evidence {
  const plan = planOf(sketch);
  const flow = flowOf(plan, from, to);
  const { request, reply } = predict(plan, flow)[0]!;
  const onWires = (hops: typeof request): typeof request => hops.filter(({ iface }) => iface !== 'lo');
  return {
    plan,
    flow,
    key: { ...TCP_KEY, caller: from, address: flow.address, port: flow.port },
    client: { answered: false, outcome: 'no-answer', servedBy: null, sourceSeen: null },
    packets: [],
    walk: { request: onWires(request), reply: onWires(reply) },
    kernel: null,
    kernelOnAnswer: null,
    kernelOnArp: null,
    healthy: null,
    epoch: '0',
    macTables: {},
    counters: null,
    ...seen,
  };
}

/** A TCP segment at an interface; `fields` are the relevant ones. */
export function segment(
  time: number,
  [node, direction, iface]: [string, 'in' | 'out', string],
  fields: { srcMac?: string; dstMac?: string; seq: number; flags: string; payloadLength?: number },
): Sighting {
  const { srcMac = '', dstMac = '', seq, flags, payloadLength = 0 } = fields;
  const frame = {
    ...ipFrame(6, { srcMac, dstMac, src: '', dst: '' }),
    tcp: { srcPort: 0, dstPort: 0, seq, ack: 0, flags, payloadLength },
  };
  return { time, node, iface, direction, frame };
}

/** An ARP message at an interface. */
export function arp(
  [node, direction, iface]: [string, 'in' | 'out', string],
  message: Pick<Arp, 'op' | 'senderIp' | 'targetIp'>,
): Sighting {
  const dstMac = message.op === 'request' ? 'ff:ff:ff:ff:ff:ff' : '';
  const frame = { srcMac: '', dstMac, length: 42, arp: { senderMac: '', ...message } };
  return { time: 1, node, iface, direction, frame };
}

/** The evidence up to the first arrival of the request at a node. */
export function endingAt(evidence: Evidence, node: string): Evidence {
  const { request } = evidence.walk;
  const end = request.findIndex((hop) => hop.node === node && hop.direction === 'in') + 1;
  return { ...evidence, walk: { request: request.slice(0, end), reply: [] } };
}

/** Code and node of the evidence's cause. */
export function named(evidence: Evidence): [CauseCode, string] {
  const { code, node } = causeOfFailure(evidence);
  return [code, node];
}

/** An ICMP message about the client's call of the VIP, at an interface. */
export function icmp(
  [time, node, direction, iface]: [number, string, 'in' | 'out', string],
  message: Partial<Icmp>,
  [srcMac, dstMac] = ['', ''],
): Sighting {
  const inner = { src: CLIENT, dst: VIP_A, protocol: 6, srcPort: 20000, dstPort: 80 };
  const frame = {
    ...ipFrame(1, { srcMac, dstMac, src: '203.0.113.1', dst: CLIENT }),
    icmp: { type: 3, code: 0, id: 0, seq: 0, inner, ...message },
  };
  return { time, node, iface, direction, frame };
}

function ipFrame(protocol: number, ends: { srcMac: string; dstMac: string; src: string; dst: string }): Frame {
  const { srcMac, dstMac, src, dst } = ends;
  return { srcMac, dstMac, length: 98, ip: { version: 4, src, dst, ttl: 64, protocol, id: 0, dscp: 0 } };
}
