import type { Attempt } from '../../harness/terms/attempt.ts';
import type { Hop } from '../../harness/terms/walk.ts';
import type { Sighting } from '../../harness/terms/sighting.ts';
import type { NodePlan } from '../../harness/terms/plan.ts';
import type { Case } from './sample-cases.ts';
import { arp, hopsAlong, sightings } from './sample-packets.ts';

/** Uniform numbers in [0, 1) from a seed (mulberry32), so that samples are the same in every run. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Hops of request and reply of a case. */
export function walkOf(nodes: NodePlan[], c: Case, port: number): { request: Hop[]; reply: Hop[] } {
  const icmp = c.protocol === 'icmp';
  const request = hopsAlong(nodes, c.request, {
    src: c.source,
    dst: c.address,
    srcPort: icmp ? null : port,
    dstPort: icmp ? null : 80,
  });
  const reply = c.reply
    ? hopsAlong(nodes, c.reply, {
        src: c.replySource,
        dst: c.sourceSeen ?? c.source,
        srcPort: icmp ? null : 80,
        dstPort: icmp ? null : port,
      })
    : [];
  return { request, reply };
}

/** One attempt of a case with every frame that its interfaces would capture. */
export function attemptOf(nodes: NodePlan[], c: Case, random: () => number): Attempt {
  const port = 32_768 + Math.floor(random() * 28_000);
  let now = -8000;
  const clock = () => (now += 8000 + Math.floor(random() * 9000));
  const walk = walkOf(nodes, c, port);
  const there = (packet: Parameters<typeof sightings>[1]) => sightings(walk.request, packet, clock);
  const back = (packet: Parameters<typeof sightings>[1]) => sightings(walk.reply, packet, clock);
  const wait = (ms: number) => {
    now += ms * 1_000_000;
    return [];
  };
  const isn = Math.floor(random() * 4e9);
  const peerIsn = Math.floor(random() * 4e9);
  const id = Math.floor(random() * 60_000);
  const mine = (n: number, flags: string, [seq, ack]: [number, number], payloadLength = 0) => ({
    id: (id + n) % 65_536,
    flags,
    seq,
    ack,
    payloadLength,
  });
  const syn = mine(0, 'S', [isn, 0]);
  const synAck = { ...mine(0, 'SA', [peerIsn, isn + 1]), id: 0 };
  let packets: Sighting[];
  if (walk.request.length === 0) packets = [];
  else if (c.protocol === 'icmp')
    packets = [...there({ id, protocol: 1, flags: 'request' }), ...back({ id, protocol: 1, flags: 'reply' })];
  else if (!c.reply) packets = [...there(syn), ...wait(1024), ...there(mine(1, 'S', [isn, 0]))];
  else if (c.cause) {
    const rst = hopsAlong(
      nodes,
      { path: c.reply.path.toReversed() },
      { src: c.source, dst: c.replySource, srcPort: port, dstPort: 80 },
    );
    packets = [...there(syn), ...back(synAck), ...sightings(rst, mine(1, 'R', [isn + 1, 0]), clock)];
  } else {
    packets = [
      ...arp(
        nodes,
        walk.request.length > 8 ? ['l4', 'l2', c.servedBy === 's1' ? 's1' : 's2'] : ['s1', 'l2', 'l4'],
        { senderIp: '203.0.113.2', targetIp: '203.0.113.11' },
        clock,
      ).slice(0, 8),
      ...there(syn),
      ...back(synAck),
      ...there(mine(1, 'A', [isn + 1, peerIsn + 1])),
      ...there(mine(2, 'PA', [isn + 1, peerIsn + 1], 124)),
      ...back(mine(11, 'A', [peerIsn + 1, isn + 125])),
      ...back(mine(12, 'PA', [peerIsn + 1, isn + 125], 231)),
      ...there(mine(3, 'A', [isn + 125, peerIsn + 232])),
      ...back(mine(13, 'FA', [peerIsn + 232, isn + 125])),
      ...there(mine(4, 'FA', [isn + 125, peerIsn + 233])),
      ...back(mine(14, 'A', [peerIsn + 233, isn + 126])),
    ];
  }
  const timed = (hops: Hop[], from: number) =>
    hops.map((hop, i) => ({ ...hop, time: packets[from + i]?.time ?? (from + i) * 12_000 }));
  const switches = nodes.filter((n) => n.bridge);
  return {
    token: `f${Math.floor(random() * 2 ** 40).toString(36)}`,
    outcome: c.cause ? 'fails' : 'works',
    client: c.cause ? 'timeout' : c.protocol === 'icmp' ? 'answered' : '200',
    cause: c.cause,
    findings: c.findings,
    servedBy: c.servedBy,
    sentAgainMs: null,
    l4: c.picked === null ? null : 'l4',
    picked: c.picked,
    sourceSeen: c.sourceSeen,
    observed: { request: timed(walk.request, 0), reply: timed(walk.reply, walk.request.length) },
    packets,
    epoch: '1795305600000000000',
    counters: c.cause ? { l3: { IpInAddrErrors: 1 } } : {},
    macTables: Object.fromEntries(
      switches.map((s) => [
        s.name,
        Object.fromEntries(
          s.interfaces.map(({ peer }) => [
            nodes.find((n) => n.name === peer)?.interfaces.find((i) => i.peer === s.name)?.mac ?? '',
            peer,
          ]),
        ),
      ]),
    ),
    durationMs: c.cause ? 1032.4 : 4.2 + random() * 3,
  };
}
