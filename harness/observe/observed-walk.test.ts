import fc from 'fast-check';
import { predict } from '../model/predict.ts';
import { flow, plan, type LabSketch } from '../model/testing/lab-builder.ts';
import { crossSubnet, inLine, inLineBridge, oneArm, PIP, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import type { Sighting } from '../terms/sighting.ts';
import type { Hop, Walk } from '../terms/walk.ts';
import type { Plan } from '../terms/plan.ts';
import { directions } from './direction.ts';
import { flowPackets, replyPortsIn } from './flow-packets.ts';
import { observedWalk } from './observed-walk.ts';
import type { Captured } from './recorder.ts';
import { ethernet, ipv4, udp } from './testing/frames.ts';
import { captured, keyOf, onTheWires, sentAgain, type Transmission } from './testing/wires.ts';

const pool = ['s2'];
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, pool, proxyIp: PIP } };
const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool } };
const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool } };
const holdsVip = { loopback: [VIP_A], ...QUIET_ARP };

const LABS: [string, LabSketch, string][] = [
  ['proxy, one-arm: in and out of the L4 by the same interface', oneArm({ services: proxy }), 'client'],
  ['proxy, a server calls the VIP', oneArm({ services: proxy }), 's1'],
  ['dnat, one-arm, gateway L4', oneArm({ services: dnat, servers: { gateway: '203.0.113.2' } }), 'client'],
  ['dnat, one-arm, gateway L3: the answer comes from another address', oneArm({ services: dnat }), 'client'],
  ['dnat, a server calls the VIP and is answered on the segment', oneArm({ services: dnat }), 's1'],
  ['dsr: the same addresses all the way, other MACs', oneArm({ services: dsr, servers: holdsVip }), 'client'],
  ['dsr without the VIP on the server', oneArm({ services: dsr }), 'client'],
  ['dnat, in-line', inLine({ services: dnat }), 'client'],
  [
    'dsr, an in-line switch that keeps the source MAC',
    inLineBridge({ services: { a: { ...dsr.a, sourceMac: 'keep' } }, servers: holdsVip }),
    'client',
  ],
  ['proxy, and the L4 lowers the MSS', oneArm({ services: { a: { ...proxy.a, mssClamp: 1200 } } }), 'client'],
  ['proxy, servers in another subnet', crossSubnet({ services: proxy }), 'client'],
];

describe.each(LABS)('%s', (_, sketch, from) => {
  const lab = plan(sketch);
  const walk = predict(lab, flow(lab, from, 'a'))[0]!;
  const seen = onTheWires(lab, walk, { seq: 1000, begins: 0 });
  const others = oneWithOtherPorts(walk);

  test('the path of its packets is found', () => {
    expect(observed(lab, walk, seen)).toEqual(bare(walk));
  });

  test('flooded copies are not part of it', () => {
    expect(observed(lab, walk, onTheWires(lab, walk, { seq: 1000, begins: 0, floods: true }))).toEqual(bare(walk));
  });

  test('packets of a concurrent attempt are not part of it', () => {
    const parallel = [...seen, ...onTheWires(lab, others, { seq: 90_000, begins: 300 })].sort((a, b) =>
      Number(a.time - b.time),
    );
    expect(observed(lab, walk, parallel)).toEqual(bare(walk));
    expect(observed(lab, others, parallel)).toEqual(bare(others));
  });

  test('a retransmission changes nothing', () => {
    const again = onTheWires(lab, { request: walk.request, reply: [] }, { seq: 1000, begins: 10_000_000 });
    expect(observed(lab, walk, [...seen, ...again])).toEqual(bare(walk));
  });
});

test('a UDP reply from another port than the called one is found', () => {
  const lab = plan(oneArm({ services: {}, nodes: { s1: { listeners: [{ listen: '80/udp', answersFromPort: 54 }] } } }));
  const walk = predict(lab, flow(lab, 'client', 's1', 'udp'))[0]!;
  const key = { ...keyOf(walk, 80), protocol: 'udp' as const, ...replyPortsIn(lab) };
  const seen = [...walk.request, ...walk.reply].map(({ node, iface, src, dst, ttl }, index) => {
    const datagram = udp(src.port!, dst.port!, `${key.token} 0`);
    const packet = ipv4({ src: src.ip, dst: dst.ip, protocol: 17, ttl }, datagram);
    return captured(1000 * (1 + index), node, iface, ethernet(src.mac, dst.mac, 0x0800, packet));
  });
  const found = observedWalk(flowPackets(directions(seen, lab, 0n), key), key, lab);
  expect(found.reply.map(({ node }) => node)).toEqual(walk.reply.map(({ node }) => node));
  expect(found.reply.at(-1)).toMatchObject({ node: 'client', src: { port: 54 } });
});

describe('a retransmitted packet has the walk of its first transmission', () => {
  const MS = 1_000_000;
  /** A transmission begins so long after the one before, ms: TCP_RTO_MIN at the soonest. */
  const gap = fc.integer({ min: 200, max: 3000 });

  /** As far as each gets, and how long it takes from hop to hop, ms; none overtakes another. */
  const journeys = (walk: Hop[], slowest: number, mayBeLost: boolean) =>
    fc.array(
      fc.record({
        gap,
        hops: mayBeLost ? fc.integer({ min: 1, max: walk.length }) : fc.constant(walk.length),
        waits: fc.array(fc.integer({ min: 0, max: slowest * 1000 }), {
          minLength: walk.length,
          maxLength: walk.length,
        }),
      }),
      { minLength: 2, maxLength: 5 },
    );

  const onTheWay = (walk: Hop[], sent: { gap: number; hops: number; waits: number[] }[]): Transmission[] => {
    let begins = 0;
    const last = walk.map(() => 0);
    return sent.map(({ gap, hops, waits }) => {
      begins += gap * MS;
      let now = begins;
      const times = walk.slice(0, hops).map((_, index) => {
        now = Math.max(now + waits[index]! * 1000, last[index]!) + 1;
        last[index] = now;
        return now;
      });
      return { hops: walk.slice(0, hops), times };
    });
  };

  /** Captures of some interfaces have not been read to the end: later transmissions are not seen there. */
  const unread = (transmissions: Transmission[], names: Set<string>): Transmission[] =>
    transmissions.map((one, number) => {
      const seen = one.hops.map(({ node, iface }) => number === 0 || !names.has(`${node} ${iface}`));
      const { hops, times } = one;
      return { ...one, hops: hops.filter((_, i) => seen[i]), times: times.filter((_, i) => seen[i]) };
    });

  const marks: [string, (number: number) => Partial<Transmission>, slowest: number, mayBeLost: boolean][] = [
    ['by its IP id', (number) => ({ id: 4711 + number }), 2000, true],
    ['by its TCP timestamp', (number) => ({ timestamp: 7 + number }), 2000, true],
    ['by order, where nothing is lost', () => ({}), 2000, false],
    ['by order and time, where packets get lost', () => ({}), 1, true],
  ];

  describe.each(LABS)('%s', (_, sketch, from) => {
    const lab = plan(sketch);
    const walk = predict(lab, flow(lab, from, 'a'))[0]!;
    const { request } = bare(walk);
    const interfaces = fc.subarray([...new Set(request.map(({ node, iface }) => `${node} ${iface}`))]);

    test.each(marks)('%s', (_, mark, slowest, mayBeLost) => {
      fc.assert(
        fc.property(journeys(request, slowest, mayBeLost), interfaces, (sent, late) => {
          const all = onTheWay(request, sent).map((one, number) => ({ ...one, ...mark(number) }));
          // Where only order tells, the caller's own capture must be whole.
          const seen = mark(0).id || mark(0).timestamp ? unread(all, new Set(late)) : all;
          expect(observed(lab, walk, sentAgain(seen)).request).toEqual(request.slice(0, sent[0]!.hops));
        }),
        { numRuns: 15 },
      );
    });
  });
});

test('if only a retransmission reached the answering node, the walk is that of the retransmission', () => {
  const lab = plan(oneArm({ services: proxy }));
  const walk = predict(lab, flow(lab, 'client', 'a'))[0]!;
  const { request } = bare(walk);
  const atL4 = request.findIndex(({ node, direction }) => node === 'l4' && direction === 'in');
  const lost = request.slice(0, atL4 + 1);
  const first = sentAgain([{ hops: lost, times: lost.map((_, index) => index + 1), timestamp: 7 }]);
  const again = onTheWires(lab, walk, { seq: 1000, begins: 1_000_000_000 });
  expect(observed(lab, walk, [...first, ...again])).toEqual(bare(walk));
});

test('a packet lost on a wire was last seen at its sender', () => {
  const [, sketch, from] = LABS[0]!;
  const lab = plan(sketch);
  const { request } = predict(lab, flow(lab, from, 'a'))[0]!;
  const walk = { request: request.slice(0, 3), reply: [] };
  expect(observed(lab, walk, onTheWires(lab, walk, { seq: 1, begins: 0 })).request.map(step)).toEqual([
    'client out l3',
    'l3 in client',
    'l3 out l2',
  ]);
});

test('if the caller is a switch and floods, the walk is the copy that got furthest', () => {
  const lab = plan(inLineBridge({ services: dsr }));
  const walk = predict(lab, flow(lab, 'l4', 's2:80'))[0]!;
  const sent = onTheWires(lab, walk, { seq: 1000, begins: 1000 });
  const misdirected = { ...sent[0]!, iface: 'l3', time: 0n };
  expect(observed(lab, walk, [misdirected, ...sent])).toEqual(bare(walk));
});

test('a frame for an unknown MAC ends after its sender', () => {
  const client = { neighbours: { '198.51.100.1': '02:00:00:00:00:99' } };
  const lab = plan(oneArm({ services: proxy, nodes: { client } }));
  const walk = predict(lab, flow(lab, 'client', 'a'))[0]!;
  expect(walk.request.map(step)).toEqual(['client out l3']);
  const [sent] = onTheWires(lab, walk, { seq: 1000, begins: 0 });
  const arrived = { ...sent!, node: 'l3', iface: 'client', time: sent!.time + 1n };
  expect(observed(lab, walk, [sent!, arrived])).toEqual(bare(walk));
});

test('the walk ends at a bridge that answers itself and forwards a redirect, which quotes the request', () => {
  const lab = plan(inLineBridge({ services: {}, nodes: { l4: { listeners: ['80/tcp'] } } }));
  const walk = predict(lab, flow(lab, 'client', 'l4:80'))[0]!;
  const key = keyOf(walk, 80);
  const seen = flowPackets(directions(onTheWires(lab, walk, { seq: 1000, begins: 0 }), lab, 0n), key);
  const { src, dst } = walk.request[0]!;
  const inner = { src: src.ip, dst: dst.ip, protocol: 6, srcPort: key.sourcePort, dstPort: 80 };
  const redirect: Sighting = {
    time: 900_000,
    node: 'l4',
    iface: 'l2',
    direction: 'out',
    frame: {
      srcMac: '',
      dstMac: '',
      length: 90,
      ip: { version: 4, src: dst.ip, dst: src.ip, ttl: 64, protocol: 1, id: 0, dscp: 0 },
      icmp: { type: 5, code: 1, id: 0, seq: 0, gateway: dst.ip, inner },
      token: key.token,
    },
  };
  expect(bare(observedWalk([...seen, redirect], key, lab))).toEqual(bare(walk));
});

test('each hop has its time and the changes since the previous one', () => {
  const lab = plan(oneArm({ services: proxy }));
  const walk = predict(lab, flow(lab, 'client', 'a'))[0]!;
  const seen = directions(onTheWires(lab, walk, { seq: 1000, begins: 0 }), lab, 0n);
  const { request } = observedWalk(flowPackets(seen, keyOf(walk, 80)), keyOf(walk, 80), lab);
  const leavesL4 = request.find(({ node, direction }) => node === 'l4' && direction === 'out')!;
  expect(leavesL4.changed).toEqual(
    expect.arrayContaining([
      { field: 'dst ip', from: VIP_A, to: '203.0.113.12' },
      { field: 'src ip', from: '198.51.100.10', to: PIP },
    ]),
  );
  expect(request.map(({ time }) => time)).toEqual(request.map((_, index) => index * 1000));
});

function observed(lab: Plan, walk: Walk, captured: Captured[]): Walk {
  const key = keyOf(walk, 80);
  return bare(observedWalk(flowPackets(directions(captured, lab, 0n), key), key, lab));
}

/** Without times, and without what never was on a wire. */
function bare({ request, reply }: Walk): Walk {
  const strip = (hops: Hop[]): Hop[] => hops.filter(({ iface }) => iface !== 'lo').map((hop) => ({ ...hop, time: 0 }));
  return { request: strip(request), reply: strip(reply) };
}

/** The same way, by another attempt: other source ports, where the caller's or the L4's stand. */
function oneWithOtherPorts({ request, reply }: Walk): Walk {
  const moved = (hop: Hop): Hop => ({
    ...hop,
    src: { ...hop.src, port: hop.src.port === 80 ? 80 : hop.src.port! + 7 },
    dst: { ...hop.dst, port: hop.dst.port === 80 ? 80 : hop.dst.port! + 7 },
  });
  return { request: request.map(moved), reply: reply.map(moved) };
}

function step({ node, direction, iface }: Hop): string {
  return `${node} ${direction} ${iface}`;
}
