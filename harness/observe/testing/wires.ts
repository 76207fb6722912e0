import type { Hop, Walk } from '../../terms/walk.ts';
import type { Plan } from '../../terms/plan.ts';
import { decodeFrame } from '../decode.ts';
import type { FlowKey } from '../flow-packets.ts';
import type { Captured } from '../recorder.ts';
import { ethernet, ipv4, tcp } from './frames.ts';

const SYN = 0x02;
const SYN_ACK = 0x12;
const RST = 0x04;
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
  /** What this transmission has anew; where both are left out, nothing tells it from another. */
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

function bytesOf(
  { src, dst, ttl }: Hop,
  segment: { flags: number; seq: number; ack: number; timestamp?: number },
  id = 0,
): Buffer {
  const packet = ipv4(
    { src: src.ip, dst: dst.ip, protocol: 6, ttl, id },
    tcp({ srcPort: src.port!, dstPort: dst.port!, ...segment }),
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
