import { mssOf } from '../../terms/mss.ts';
import type { IpFrame, Packet, Trace } from './packet.ts';
import type { Change, Hop } from '../../terms/walk.ts';

/** The packet of a frame crossing an interface, with the crossing added to its trace. */
export function crossing(frame: IpFrame, node: string, iface: string, direction: 'in' | 'out'): Packet {
  const { packet, srcMac, dstMac } = frame;
  const hasPorts = packet.protocol !== 'icmp' && packet.inside === undefined;
  const port = (number: number): number | null => (hasPorts ? number : null);
  const hop = {
    node,
    iface,
    direction,
    src: { mac: srcMac, ip: packet.src, port: port(packet.srcPort) },
    dst: { mac: dstMac, ip: packet.dst, port: port(packet.dstPort) },
    ttl: packet.ttl,
    ...(packet.inside === undefined ? {} : { inside: insideOf(packet.inside) }),
    ...(packet.maxAccepted === undefined ? {} : { mss: mssOf(packet.maxAccepted, (packet.inside ?? packet).dst) }),
  };
  return { ...packet, trace: { hop, before: packet.trace } };
}

function insideOf({ src, dst, ttl }: Packet): Hop['inside'] & object {
  return { src, dst, ttl };
}

/**
 * The hops of a trace in order, each with its changes.
 * @param withMss whether hops contain the MSS
 */
export function hops(trace: Trace | null, withMss: boolean): Hop[] {
  const list: Hop[] = [];
  for (let at = trace; at !== null; at = at.before) {
    list.push({ ...at.hop, changed: at.before === null ? [] : changes(at.before.hop, at.hop) });
  }
  if (!withMss) for (const hop of list) delete hop.mss;
  return list.reverse();
}

/** How many interfaces a packet crossed. */
export function lengthOf(trace: Trace | null): number {
  let count = 0;
  for (let at = trace; at !== null; at = at.before) count += 1;
  return count;
}

/** Whether a packet crossed an interface of a node. */
export function crossed(trace: Trace | null, node: string): boolean {
  for (let at = trace; at !== null; at = at.before) if (at.hop.node === node) return true;
  return false;
}

/** Node that sent a packet; null before it leaves. */
export function sender(trace: Trace | null): string | null {
  if (trace === null) return null;
  let first = trace;
  while (first.before !== null) first = first.before;
  return first.hop.node;
}

function carriedText({ inside }: Omit<Hop, 'changed'>): string {
  return inside === undefined ? 'nothing' : `${inside.src} > ${inside.dst}`;
}

/** What differs between two crossings of the same packet. */
export function changes(before: Omit<Hop, 'changed'>, after: Omit<Hop, 'changed'>): Change[] {
  // Tunnel packets have no ports of their own.
  const port = (value: number | null, other: number | null): string => String(other === null ? null : value);
  const fields: [Change['field'], string, string][] = [
    ['src mac', before.src.mac, after.src.mac],
    ['dst mac', before.dst.mac, after.dst.mac],
    ['src ip', before.src.ip, after.src.ip],
    ['dst ip', before.dst.ip, after.dst.ip],
    ['src port', port(before.src.port, after.src.port), port(after.src.port, before.src.port)],
    ['dst port', port(before.dst.port, after.dst.port), port(after.dst.port, before.dst.port)],
    ['ttl', String(before.ttl), String(after.ttl)],
    ['mss', String(before.mss), String(after.mss)],
    ['carries', carriedText(before), carriedText(after)],
  ];
  return fields.filter(([, from, to]) => from !== to).map(([field, from, to]) => ({ field, from, to }));
}
