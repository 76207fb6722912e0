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
  /** Nanoseconds of its first crossing. */
  begins: number;
  /** Whether switches send a copy of every frame out of every port. */
  floods?: boolean;
}

/** A packet that is sent once more, as far as it gets. */
export interface Transmission {
  hops: Hop[];
  /** Nanoseconds at which each hop is crossed. */
  times: number[];
  /** Values that are new in this transmission; without both it cannot be distinguished from another one. */
  id?: number;
  timestamp?: number;
}

/** What tcpdump would see of SYNs with one sequence number, sent again and again, in time order. */
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

/** What tcpdump would see, in time order, at all interfaces that the packets of a handshake cross. */
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

/** The reset that a node answers a segment with that it got, on its first wire. */
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

/** The key of the flow whose request a walk begins with. */
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

/** The same hops by another call: from another source port, of the caller's or of the L4's. */
export function fromPort(hops: Hop[], port: number, listener = 80): Hop[] {
  const moved = (of: number | null): number => (of === listener ? listener : port);
  return hops.map((hop) => ({
    ...hop,
    src: { ...hop.src, port: moved(hop.src.port) },
    dst: { ...hop.dst, port: moved(hop.dst.port) },
  }));
}

/** What tcpdump would see of one segment, at all interfaces that it crosses. */
export function segmentOn(hops: Hop[], begins: number, segment: Segment, payload = ''): Captured[] {
  return hops.map((hop, index) =>
    captured(begins + index * HOP_NS, hop.node, hop.iface, bytesOf(hop, segment, 0, payload)),
  );
}

/** A call of a kept or a new connection, whose segments go the way of a walk. */
export interface CallSketch {
  token: string;
  port: number;
  /** Nanoseconds of its first segment. */
  begins: number;
  /** Sequence number of the SYN; of the request it is higher by one. */
  seq: number;
  /** False where the connection was open before. */
  opens?: boolean;
  /** So many hops of the request are seen; absent means all of them, and an answer. */
  requestHops?: number;
}

/** What tcpdump would see of a call, in time order: handshake, request and answer, 100 µs from one to the next. */
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

/** Out of every port but the one that the frame came by, and the one that the walk goes on by. */
function copiesOf(plan: Plan, { node, iface, dst }: Hop, next: Hop | undefined): { port: string; peer: string }[] {
  const { bridge, interfaces } = plan.nodes.find(({ name }) => name === node)!;
  if (!bridge || interfaces.some(({ mac }) => mac === dst.mac)) return [];
  return interfaces
    .filter(({ name, peer }) => name !== iface && peer !== '' && !(next?.node === node && next.iface === name))
    .map(({ name, peer }) => ({ port: name, peer }));
}
