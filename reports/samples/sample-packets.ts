import type { Change, Hop } from '../../harness/terms/walk.ts';
import type { Sighting, Tcp } from '../../harness/terms/sighting.ts';
import type { NodePlan } from '../../harness/terms/plan.ts';

/** What a node does to the addresses of a packet that it forwards. */
type Rewrites = Record<string, { src?: string; dst?: string }>;

/** The path of a packet: nodes in order, and their rewrites. */
export interface TestPath {
  path: string[];
  rewrites?: Rewrites;
}

export interface Endpoints {
  src: string;
  dst: string;
  srcPort: number | null;
  dstPort: number | null;
}

/** Hops of one packet along a path: switches change nothing, every other node lowers the TTL and sets both MACs. */
export function hopsAlong(nodes: NodePlan[], along: TestPath, ends: Endpoints): Hop[] {
  const byName = new Map(nodes.map((n) => [n.name, n]));
  const mac = (node: string, peer: string) =>
    byName.get(node)?.interfaces.find((i) => i.peer === peer)?.mac ?? '00:00:00:00:00:00';
  const isSwitch = (name: string) => byName.get(name)?.bridge ?? false;
  const hops: Hop[] = [];
  let { src, dst } = ends;
  let ttl = 64;
  let srcMac = '';
  let dstMac = '';
  along.path.slice(0, -1).forEach((node, i) => {
    const peer = along.path[i + 1]!;
    if (i > 0 && !isSwitch(node)) ttl -= 1;
    src = along.rewrites?.[node]?.src ?? src;
    dst = along.rewrites?.[node]?.dst ?? dst;
    if (!isSwitch(node)) {
      const next = along.path.slice(i + 1).findIndex((n) => !isSwitch(n)) + i + 1;
      srcMac = mac(node, peer);
      dstMac = next > i ? mac(along.path[next]!, along.path[next - 1]!) : 'ff:ff:ff:ff:ff:ff';
    }
    const address = {
      src: { mac: srcMac, ip: src, port: ends.srcPort },
      dst: { mac: dstMac, ip: dst, port: ends.dstPort },
      ttl,
    };
    for (const [at, iface, direction] of [
      [node, peer, 'out'],
      [peer, node, 'in'],
    ] as const) {
      const hop: Hop = { node: at, iface, direction, ...address, changed: [] };
      hops.push({ ...hop, changed: changes(hops.at(-1), hop) });
    }
  });
  return hops;
}

function changes(before: Hop | undefined, after: Hop): Change[] {
  if (!before) return [];
  const fields: [Change['field'], string | number | null, string | number | null][] = [
    ['src mac', before.src.mac, after.src.mac],
    ['dst mac', before.dst.mac, after.dst.mac],
    ['src ip', before.src.ip, after.src.ip],
    ['dst ip', before.dst.ip, after.dst.ip],
    ['src port', before.src.port, after.src.port],
    ['dst port', before.dst.port, after.dst.port],
    ['ttl', before.ttl, after.ttl],
  ];
  return fields.filter(([, a, b]) => a !== b).map(([field, a, b]) => ({ field, from: String(a), to: String(b) }));
}

/** Sightings of a packet along its hops; `clock` yields the nanoseconds of each. */
export function sightings(
  hops: Hop[],
  packet: Partial<Tcp> & { id: number; protocol?: number },
  clock: () => number,
): Sighting[] {
  return hops.map(({ node, iface, direction, src, dst, ttl }) => {
    const payloadLength = packet.payloadLength ?? 0;
    const protocol = packet.protocol ?? 6;
    return {
      time: clock(),
      node,
      iface,
      direction,
      frame: {
        srcMac: src.mac,
        dstMac: dst.mac,
        length: 66 + payloadLength,
        ip: { version: 4, src: src.ip, dst: dst.ip, ttl, protocol, id: packet.id, dscp: 0 },
        ...(protocol === 6
          ? {
              tcp: {
                srcPort: src.port ?? 0,
                dstPort: dst.port ?? 0,
                seq: packet.seq ?? 0,
                ack: packet.ack ?? 0,
                flags: packet.flags ?? 'S',
                payloadLength,
              },
            }
          : { icmp: { type: packet.flags === 'reply' ? 0 : 8, code: 0, id: packet.id, seq: 1 } }),
      },
    };
  });
}

/** An ARP exchange between two neighbours behind one switch. */
export function arp(
  nodes: NodePlan[],
  path: string[],
  { senderIp, targetIp }: { senderIp: string; targetIp: string },
  clock: () => number,
) {
  const ends = { src: senderIp, dst: targetIp, srcPort: null, dstPort: null };
  const there = hopsAlong(nodes, { path }, ends);
  const back = hopsAlong(
    nodes,
    { path: path.toReversed() },
    { src: targetIp, dst: senderIp, srcPort: null, dstPort: null },
  );
  const frames = (hops: Hop[], op: 'request' | 'reply') =>
    hops.map(({ node, iface, direction, src, dst }): Sighting => ({
      time: clock(),
      node,
      iface,
      direction,
      frame: {
        srcMac: src.mac,
        dstMac: op === 'request' ? 'ff:ff:ff:ff:ff:ff' : dst.mac,
        length: 42,
        arp: { op, senderMac: src.mac, senderIp: src.ip, targetIp: dst.ip },
      },
    }));
  return [...frames(there, 'request'), ...frames(back, 'reply')];
}
