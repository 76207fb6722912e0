import { predict } from '../model/predict.ts';
import { flow, plan } from '../model/testing/lab-builder.ts';
import { streamOf } from '../model/testing/stream.ts';
import { oneArm, PIP, VIP_A } from '../model/testing/labs.ts';
import type { CallRecord } from '../terms/timeline-results.ts';
import type { StreamPlan } from '../terms/plan.ts';
import type { Hop, Walk } from '../terms/walk.ts';
import type { Captured } from './recorder.ts';
import { observeCalls } from './stream-calls.ts';
import { ethernet, icmp, ipv4 } from './testing/frames.ts';
import { callOn, captured as capturedAt, fromPort, segmentOn, type CallSketch } from './testing/wires.ts';

const MS = 1_000_000;
const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s2'], proxyIp: PIP } } }));
const walk = onWires(predict(lab, flow(lab, 'client', 'a'))[0]!);

const calls = streamOf();

const token = (number: number): string => `l4lab-${String(number).padStart(8, '0')}`;

/** Call number `n` begins `n` × 20 ms after the epoch, from a port of its own. */
const call = (number: number, more: Partial<CallSketch> = {}): CallSketch => ({
  token: token(number),
  port: 20_000 + number,
  begins: number * 20 * MS,
  seq: 1000 * number,
  ...more,
});

const recordOf = ({ token, port, begins, requestHops }: CallSketch, more: Partial<CallRecord> = {}): CallRecord => ({
  stream: 'calls',
  step: 0,
  token,
  sourcePort: port,
  beganAt: begins / MS - 0.1,
  endedAt: begins / MS + (requestHops === undefined ? 1 : 900),
  answered: requestHops === undefined,
  outcome: requestHops === undefined ? 'answered' : 'timeout',
  servedBy: requestHops === undefined ? 's2' : null,
  sourceSeen: null,
  ...more,
});

const observe = (sketches: CallSketch[], captured: Captured[], stream = calls, more: Partial<CallRecord> = {}) =>
  observeCalls({
    plan: lab,
    stream,
    records: sketches.map((sketch) => recordOf(sketch, more)),
    captured: captured.toSorted((a, b) => Number(a.time - b.time)),
  });

test('every call has its own packets and its own walk, with concurrent calls too', () => {
  const sketches = [0, 1, 2].map((number) => call(number, { begins: number * 50_000 }));
  const observed = observe(
    sketches,
    sketches.flatMap((one) => callOn(walk, one)),
  );
  for (const [index, { walk: seen, packets }] of observed.entries()) {
    const port = 20_000 + index;
    expect(onWires(seen)).toEqual({ request: fromPort(walk.request, port), reply: fromPort(walk.reply, port) });
    expect(packets).toHaveLength(callOn(walk, sketches[index]!).length);
    expect(new Set(packets.flatMap(({ frame }) => frame.token ?? []))).toEqual(new Set([token(index)]));
  }
});

test('a request lost on an open connection has its own walk, not that of the handshake', () => {
  const lost = call(1, { requestHops: 3 });
  const [observed] = observe([lost], callOn(walk, lost));
  expect(onWires(observed!.walk)).toEqual({ request: fromPort(walk.request, lost.port).slice(0, 3), reply: [] });
});

test('a slow call has the walk of the lost transmission, although a retransmission got through', () => {
  const late = call(1, { begins: 1000 * MS });
  const lost = segmentOn(fromPort(walk.request, late.port).slice(0, 4), late.begins - 900 * MS, {
    flags: 2,
    seq: late.seq,
    ack: 0,
  });
  const captured = [...lost, ...callOn(walk, late)];
  const [seen] = observe([late], captured, calls, { answered: false, outcome: 'timeout' });
  expect(onWires(seen!.walk)).toEqual({ request: fromPort(walk.request, late.port).slice(0, 4), reply: [] });
  const [reset] = observe([late], captured, calls, { answered: false, outcome: 'ECONNRESET' });
  expect(reset!.walk.reply).not.toEqual([]);
});

test('calls from a fixed port are distinguished by token, or by time if the handshake gets no answer', () => {
  const sketches = [0, 1, 2].map((number) => call(number, { port: 4000 }));
  const syn = segmentOn(fromPort(walk.request, 4000).slice(0, 5), sketches[1]!.begins, { flags: 2, seq: 7, ack: 0 });
  const captured = [...callOn(walk, sketches[0]!), ...syn, ...callOn(walk, sketches[2]!)];
  const observed = observe(sketches, captured, { ...calls, sourcePort: 4000 });
  expect(observed.map(({ walk: { request, reply } }) => [request.length, reply.length])).toEqual([
    [walk.request.length, walk.reply.length],
    [5, 0],
    [walk.request.length, walk.reply.length],
  ]);
});

describe('on a kept connection', () => {
  const kept: StreamPlan = { ...calls, connection: 'kept' };
  const opening = call(0, { port: 4000, seq: 1000 });
  const next = (number: number, more: Partial<CallSketch> = {}): CallSketch =>
    call(number, { port: 4000, seq: 1000 + number * 100, opens: false, ...more });
  const sketches = [opening, next(1), next(2)];
  const captured = sketches.flatMap((one) => callOn(walk, one));

  test('an exchange has the packets up to the next request, and the walk of its request', () => {
    const acknowledges = segmentOn(fromPort(walk.request, 4000), next(1).begins + 9e5, {
      flags: 16,
      seq: 1114,
      ack: 1,
    });
    const observed = observe(sketches, [...captured, ...acknowledges], kept, { connection: 0 });
    expect(observed.map(({ packets }) => packets.length)).toEqual([
      callOn(walk, opening).length,
      callOn(walk, next(1)).length + acknowledges.length,
      callOn(walk, next(2)).length,
    ]);
    const ways = { request: fromPort(walk.request, 4000), reply: fromPort(walk.reply, 4000) };
    for (const one of observed) expect(onWires(one.walk)).toEqual(ways);
  });

  test('knows which nodes saw the connection begin, and when each last saw a packet, across steps', () => {
    const [first, second] = observe(
      [opening, next(1)],
      sketches.slice(0, 2).flatMap((one) => callOn(walk, one)),
      kept,
      { connection: 0 },
    );
    const later = next(50);
    const [third] = observeCalls({
      plan: lab,
      stream: kept,
      records: [recordOf(later, { connection: 0 })],
      captured: callOn(walk, later),
      before: [first!, second!],
    });
    expect(first!.history!.lastSeen).toEqual({});
    expect(third!.history!.sawSyn).toEqual(expect.arrayContaining(['l3', 'l4', 's2']));
    const { lastSeen } = third!.history!;
    expect(lastSeen['client']).toBeGreaterThan(next(1).begins / MS);
    expect(lastSeen['client']).toBeLessThan(next(2).begins / MS);
    expect(lastSeen['s2']).toBeLessThan(lastSeen['client']!);
  });

  test('a reset between two calls belongs to the next one, in the same step or a later one', () => {
    const [acknowledged, silent] = [next(1).begins - 5 * MS, next(1, { requestHops: 0 })];
    const [there, back] = [fromPort(walk.request, 4000), fromPort(walk.reply, 4000)];
    const between = [
      ...segmentOn(there, acknowledged, { flags: 16, seq: 1020, ack: 6020 }),
      ...segmentOn(back, acknowledged + 1e5, { flags: 4, seq: 6020, ack: 0 }),
    ];
    const broken = recordOf(silent, { connection: 0, answered: false, outcome: 'ECONNRESET' });
    const seenIn = (records: CallRecord[], captured: Captured[]) =>
      observeCalls({ plan: lab, stream: kept, records, captured }).at(-1)!;
    const own = callOn(walk, opening);
    const same = seenIn([recordOf(opening, { connection: 0 }), broken], [...own, ...between]);
    for (const { walk: seen, packets } of [same, seenIn([broken], between)]) {
      expect(packets).toHaveLength(between.length);
      expect(onWires(seen)).toEqual({ request: there, reply: back });
    }
  });

  test('the acknowledgement of an answer does not count as a packet of the next call', () => {
    const silent = recordOf(next(1, { requestHops: 0 }), { connection: 0 });
    const there = fromPort(walk.request, 4000);
    const acknowledges = segmentOn(there, next(1).begins - 5 * MS, { flags: 16, seq: 1020, ack: 6020 });
    const captured = [...callOn(walk, opening), ...acknowledges];
    const records = [recordOf(opening, { connection: 0 }), silent];
    const [former, seen] = observeCalls({ plan: lab, stream: kept, records, captured });
    expect(former!.packets).toHaveLength(captured.length);
    expect(seen!.walk).toEqual({ request: [], reply: [] });
  });

  test('a reset before the first request of a step belongs to the call that met it, whoever sent it', () => {
    const silent = next(1, { requestHops: 0 });
    const back = fromPort(walk.reply, 4000);
    const reset = segmentOn(back, silent.begins - 5 * MS, { flags: 20, seq: 6020, ack: 1020 });
    const stranger = segmentOn(fromPort(walk.reply, 4001), silent.begins - 6 * MS, { flags: 20, seq: 77, ack: 88 });
    const broken = recordOf(silent, { connection: 0, answered: false, outcome: 'ECONNRESET' });
    const [seen] = observeCalls({ plan: lab, stream: kept, records: [broken], captured: [...stranger, ...reset] });
    expect(seen!.packets).toHaveLength(reset.length);
    expect(onWires(seen!.walk)).toEqual({ request: [], reply: back });
  });

  test('of a retransmitted request, the answered transmission counts', () => {
    const lost = next(1, { requestHops: 3 });
    const again = next(1, { begins: lost.begins + 200 * MS });
    const [, observed] = observe(
      [opening, again],
      [...captured.slice(0, callOn(walk, opening).length), ...callOn(walk, lost), ...callOn(walk, again)],
      kept,
      { connection: 0 },
    );
    expect(onWires(observed!.walk).request).toEqual(fromPort(walk.request, 4000));
  });

  test('an ICMP error that quotes a request is its answer, not a packet of a proxy', () => {
    const lost = next(1, { requestHops: 2 });
    const [sent] = callOn(walk, lost);
    const [out, back] = [walk.request[1]!, walk.request[0]!];
    const quoting = ethernet(
      out.dst.mac,
      out.src.mac,
      0x0800,
      ipv4(
        { src: '198.51.100.1', dst: out.src.ip, protocol: 1 },
        icmp(3, 0, Buffer.alloc(4), Buffer.from(sent!.raw, 'base64').subarray(14)),
      ),
    );
    const error = [out, back].map(({ node, iface }, hop) =>
      capturedAt(lost.begins + 4e5 + hop * 1000, node, iface, quoting),
    );
    const [observed] = observe([lost], [...callOn(walk, lost), ...error], kept, { connection: 0 });
    expect(observed!.walk.request.map(({ node }) => node)).toEqual(['client', 'l3']);
    expect(observed!.walk.reply.map(({ node }) => node)).toEqual(['l3', 'client']);
  });

  test('a reset is the answer to the segment that caused it', () => {
    const refused = next(1, { requestHops: walk.request.length });
    const data = refused.seq + 1;
    const reset = segmentOn(fromPort(walk.reply, 4000), refused.begins + 4e5, { flags: 4, seq: data + 5000, ack: 0 });
    const [, observed] = observe(
      [opening, refused],
      [...callOn(walk, opening), ...callOn(walk, refused), ...reset],
      kept,
      { connection: 0 },
    );
    expect(onWires(observed!.walk).reply).toEqual(fromPort(walk.reply, 4000));
  });
});

test('packets without a call belong to none', () => {
  const [stranger, own] = [call(1, { port: 999 }), call(2)];
  const [observed] = observe([own], [...callOn(walk, stranger), ...callOn(walk, own)]);
  expect(observed!.packets).toHaveLength(callOn(walk, own).length);
});

/** Without what never was on a wire, times, and changes, which follow from the rest. */
function onWires({ request, reply }: Walk): Walk {
  const strip = (hops: Hop[]): Hop[] =>
    hops.filter(({ iface }) => iface !== 'lo').map((hop) => ({ ...hop, time: 0, changed: [] }));
  return { request: strip(request), reply: strip(reply) };
}
