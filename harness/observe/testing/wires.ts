import type { Hop, Walk } from '../../terms/walk.ts';
import type { Plan } from '../../terms/plan.ts';
import { decodeFrame } from '../decode.ts';
import type { FlowKey } from '../flow-packets.ts';
import type { Captured } from '../recorder.ts';
import { ethernet, ipv4, tcp } from './frames.ts';

const SYN = 0x02;
const SYN_ACK = 0x12;
const RST = 0x04;
const ACK = 0x10;
const HOP_NS = 1000;

export interface Conversation {
  /** Sequence number of the caller's SYN. */
  seq: number;
  /** Time of its first crossing, ns. */
  begins: number;
  /** Whether switches flood every frame. */
  floods?: boolean;
}

/** One transmission of a packet, as far as it gets. */
export interface Transmission {
  hops: Hop[];
  /** Times of its crossings, ns. */
  times: number[];
  /** Values that change per transmission; without both, it is indistinguishable from another one. */
  id?: number;
  timestamp?: number;
}

/** Captures of retransmitted SYNs with one sequence number, in time order. */
export function sentAgain(transmissions: Transmission[]): Captured[] {
  return transmissions
    .flatMap(({ hops, times, id, timestamp }) =>
      hops.map((hop, index) =>
        captured(
          times[index]!,
          hop.node,
          hop.iface,
          bytesOf(hop, { flags: SYN, seq: 1000, ack: 0, ...(timestamp === undefined ? {} : { timestamp }) }, id),
        ),
      ),
    )
    .sort((a, b) => Number(a.time - b.time));
}

/** Captures of a handshake at all interfaces that it crosses, in time order. */
export function onTheWires(plan: Plan, walk: Walk, { seq, begins, floods }: Conversation): Captured[] {
  const crossings = [
    ...walk.request.map((hop) => ({ hop, segment: { flags: SYN, seq, ack: 0 } })),
    ...walk.reply.map((hop) => ({ hop, segment: { flags: SYN_ACK, seq: seq + 5000, ack: seq + 1 } })),
  ];
  return crossings.flatMap(({ hop, segment }, index) => {
    const time = begins + index * HOP_NS;
    const bytes = bytesOf(hop, segment);
    const copies = floods === true && hop.direction === 'in' ? copiesOf(plan, hop, crossings[index + 1]?.hop) : [];
    return [
      captured(time, hop.node, hop.iface, bytes),
      ...copies.flatMap(({ port, peer }, copy) => [
        captured(time + 10 + copy, hop.node, port, bytes),
        captured(time + 20 + copy, peer, hop.node, bytes),
      ]),
    ];
  });
}

/** The reset that a node sends in reply to a received segment, on its first wire. */
export function resetBy(plan: Plan, { time, node, iface, frame }: Captured): Captured[] {
  const { ip, tcp: segment } = frame;
  const packet = ipv4(
    { src: ip!.dst, dst: ip!.src, protocol: 6 },
    tcp({ srcPort: segment!.dstPort, dstPort: segment!.srcPort, flags: RST, seq: segment!.ack }),
  );
  const bytes = ethernet(frame.dstMac, frame.srcMac, 0x0800, packet);
  const { ends } = plan.links.find((link) => link.ends.some((end) => end.node === node && end.iface === iface))!;
  const peer = ends.find((end) => end.node !== node)!;
  const leaves = Number(time) + HOP_NS;
  return [captured(leaves, node, iface, bytes), captured(leaves + HOP_NS, peer.node, peer.iface, bytes)];
}

/** A frame at one interface. */
export function captured(time: number, node: string, iface: string, bytes: Buffer): Captured {
  return { time: BigInt(time), node, iface, raw: bytes.toString('base64'), frame: decodeFrame(bytes, bytes.length) };
}

/** The key of a walk's flow. */
export function keyOf(walk: Walk, port: number): FlowKey {
  const first = walk.request[0]!;
  return {
    caller: first.node,
    protocol: 'tcp',
    address: first.dst.ip,
    port,
    serverPorts: [],
    sourcePort: first.src.port!,
    token: 'l4lab-00000000',
  };
}

/** The same hops with another source port, of the caller or the L4. */
export function fromPort(hops: Hop[], port: number, listener = 80): Hop[] {
  const moved = (of: number | null): number => (of === listener ? listener : port);
  return hops.map((hop) => ({
    ...hop,
    src: { ...hop.src, port: moved(hop.src.port) },
    dst: { ...hop.dst, port: moved(hop.dst.port) },
  }));
}

/** Captures of one segment at all interfaces that it crosses. */
export function segmentOn(hops: Hop[], begins: number, segment: Segment, payload = ''): Captured[] {
  return hops.map((hop, index) =>
    captured(begins + index * HOP_NS, hop.node, hop.iface, bytesOf(hop, segment, 0, payload)),
  );
}

/** A call on a kept or new connection, whose segments follow a walk. */
export interface CallSketch {
  token: string;
  port: number;
  /** Time of its first segment, ns. */
  begins: number;
  /** Sequence number of the SYN; the request's is one higher. */
  seq: number;
  /** False if the connection was open before. */
  opens?: boolean;
  /** Number of visible hops of the request; absent means all of them, and an answer. */
  requestHops?: number;
}

/** Captures of a call in time order: handshake, request and answer, 100 µs apart. */
export function callOn(walk: Walk, { token, port, begins, seq, opens = true, requestHops }: CallSketch): Captured[] {
  const [there, back] = [fromPort(walk.request, port), fromPort(walk.reply, port)];
  const answer = seq + 5000;
  const handshake = [
    ...segmentOn(there, begins, { flags: SYN, seq, ack: 0 }),
    ...segmentOn(back, begins + 1e5, { flags: SYN_ACK, seq: answer, ack: seq + 1 }),
    ...segmentOn(there, begins + 2e5, { flags: ACK, seq: seq + 1, ack: answer + 1 }),
  ];
  const data = { flags: ACK, seq: seq + 1, ack: answer + 1 };
  const exchange = [
    ...segmentOn(there.slice(0, requestHops), begins + 3e5, data, token),
    ...(requestHops === undefined
      ? segmentOn(back, begins + 4e5, { flags: ACK, seq: answer + 1, ack: seq + 1 + token.length }, token)
      : []),
  ];
  return [...(opens ? handshake : []), ...exchange];
}

interface Segment {
  flags: number;
  seq: number;
  ack: number;
  timestamp?: number;
}

function bytesOf({ src, dst, ttl, mss }: Hop, segment: Segment, id = 0, payload = ''): Buffer {
  const packet = ipv4(
    { src: src.ip, dst: dst.ip, protocol: 6, ttl, id },
    tcp({ srcPort: src.port!, dstPort: dst.port!, ...segment, ...(mss === undefined ? {} : { mss }) }, payload),
  );
  return ethernet(src.mac, dst.mac, 0x0800, packet);
}

/** Copies out of all ports except the incoming one and the walk's next one. */
function copiesOf(plan: Plan, { node, iface, dst }: Hop, next: Hop | undefined): { port: string; peer: string }[] {
  const { bridge, interfaces } = plan.nodes.find(({ name }) => name === node)!;
  if (!bridge || interfaces.some(({ mac }) => mac === dst.mac)) return [];
  return interfaces
    .filter(({ name, peer }) => name !== iface && peer !== '' && !(next?.node === node && next.iface === name))
    .map(({ name, peer }) => ({ port: name, peer }));
}
