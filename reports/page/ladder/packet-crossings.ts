import { OUTER_HEADER } from '../../../harness/terms/tunnel.ts';
import { linkNumber, linkNameOf } from '../../../harness/terms/link-name.ts';
import { trunkVlan } from '../../../harness/terms/trunk-interface.ts';
import type { Frame, Sighting } from '../../../harness/terms/sighting.ts';
import { addressText } from '../../content/walk-text.ts';
import type { PeerOf } from '../../content/crossing.ts';
import type { Look } from '../../content/loops.ts';
import { icmpText } from './icmp.ts';

/** A frame on one wire, for the ladder. */
export interface PacketCrossing {
  from: string;
  to: string;
  /** Nanoseconds since the attempt's first frame. */
  time: number;
  frame: Frame;
  /** VLAN on a trunk; null on other wires. */
  vlan: number | null;
  /** The interface if the wire is a second link between the two nodes; else null. */
  iface: string | null;
  /** Seen leaving; seen arriving. */
  left: boolean;
  arrived: boolean;
  /** Text parts of the arrow; `changed` if different on the previous wire. */
  label: { text: string; changed: boolean }[];
}

/** Joins the two ends of every wire that a frame crossed, in time order, and marks changes from the previous wire. */
export function packetCrossings(packets: Sighting[], peerOf: PeerOf): PacketCrossing[] {
  const found: PacketCrossing[] = [];
  const waiting = new Map<string, PacketCrossing[]>();
  for (const { node, iface, direction, time, frame } of packets) {
    const peer = iface === 'lo' ? node : (peerOf(node, iface) ?? '?');
    const [from, to] = direction === 'out' ? [node, peer] : [peer, node];
    const vlan = trunkVlan(iface);
    const link = iface === 'lo' ? 1 : linkNumber({ name: iface, peer });
    const key = JSON.stringify([
      from,
      to,
      vlan,
      link,
      frame.srcMac,
      frame.dstMac,
      frame.ip?.src,
      frame.ip?.dst,
      identity(frame),
    ]);
    const partner = direction === 'in' ? waiting.get(key)?.shift() : undefined;
    if (partner) {
      partner.arrived = true;
      continue;
    }
    // A run keeps ARP only as seen by the requester and the owner, so a missing end means nothing.
    const [left, arrived] = frame.arp ? [true, true] : [direction === 'out', direction === 'in'];
    const crossing = {
      from,
      to,
      time,
      frame,
      vlan,
      iface: link === 1 ? null : linkNameOf(iface),
      left,
      arrived,
      label: [],
    };
    found.push(crossing);
    if (direction === 'out') waiting.set(key, [...(waiting.get(key) ?? []), crossing]);
  }
  return withLabels(found);
}

/** Equal for crossings of the same wire in different rounds of a loop. */
export function packetLook({ from, to, iface, frame }: PacketCrossing): Look {
  return {
    key: [from, to, iface, frame.ip?.src, frame.ip?.dst, identity(frame)],
    ttl: (frame.inside ?? frame.ip)?.ttl ?? null,
  };
}

/** Fields that NAT does not change: equal on every wire that one packet crosses. */
function identity({ tcp, udp, icmp, arp, ip, inside, length }: Frame): string {
  if (tcp) return `tcp ${tcp.flags} ${tcp.seq} ${tcp.ack} ${tcp.payloadLength}`;
  if (icmp) return `icmp ${icmp.type} ${icmp.code} ${icmp.id} ${icmp.seq}`;
  const outer = inside === undefined ? 0 : OUTER_HEADER[ip!.version];
  if (udp) return `udp ${(inside ?? ip)?.id ?? 0} ${length - outer}`;
  return `arp ${arp?.op ?? ''} ${arp?.senderIp ?? ''} ${arp?.targetIp ?? ''}`;
}

function withLabels(crossings: PacketCrossing[]): PacketCrossing[] {
  const before = new Map<string, PacketCrossing>();
  return crossings.map((crossing) => {
    const key = identity(crossing.frame);
    const previous = before.get(key);
    const label = labelOf(crossing.frame, previous?.to === crossing.from ? previous.frame : null);
    before.set(key, crossing);
    const notes = [
      ...(crossing.iface === null ? [] : [crossing.iface]),
      ...(crossing.vlan === null ? [] : [`VLAN ${crossing.vlan}`]),
    ];
    return { ...crossing, label: [...label, ...notes.map((text) => ({ text: ` ${text}`, changed: false }))] };
  });
}

function labelOf(frame: Frame, before: Frame | null): PacketCrossing['label'] {
  const { arp, ip, icmp, tcp } = frame;
  if (arp) {
    const text =
      arp.op === 'request'
        ? `ARP who has ${arp.targetIp}? tell ${arp.senderIp}`
        : `ARP ${arp.senderIp} is at ${arp.senderMac}`;
    return [{ text, changed: false }];
  }
  const part = (pick: (f: Frame) => string | undefined) => ({
    text: pick(frame) ?? '?',
    changed: before !== null && pick(before) !== pick(frame),
  });
  const plain = (text: string) => ({ text, changed: false });
  const ports = (f: Frame) => f.tcp ?? f.udp;
  const [src, dst] = [(f: Frame) => ports(f)?.srcPort ?? null, (f: Frame) => ports(f)?.dstPort ?? null];
  const carried = (f: Frame) => f.inside ?? f.ip;
  const outer = [
    part((f) => f.ip?.src),
    plain(' → '),
    part((f) => f.ip?.dst),
    plain(' ttl '),
    part((f) => f.ip && String(f.ip.ttl)),
    plain(' | '),
  ];
  return [
    ...(frame.inside === undefined ? [] : outer),
    part((f) => carried(f) && addressText({ ip: carried(f)!.src, port: src(f) })),
    plain(' → '),
    part((f) => carried(f) && addressText({ ip: carried(f)!.dst, port: dst(f) })),
    ...(tcp ? [plain(` [${tcp.flags}]${tcp.payloadLength ? ` ${tcp.payloadLength} B` : ''}`)] : []),
    ...(icmp ? [plain(` ICMP ${icmpText(icmp)}`)] : []),
    ...(frame.udp ? [plain(` UDP ${frame.length} B`)] : []),
    ...(ip ? [plain(' ttl '), part((f) => carried(f) && String(carried(f)!.ttl))] : []),
  ];
}
