import type { CallRecord } from '../terms/timeline-results.ts';
import type { Plan, StreamPlan } from '../terms/plan.ts';
import type { Sighting } from '../terms/sighting.ts';
import type { Walk } from '../terms/walk.ts';
import { ownServiceOf } from '../terms/own-calls.ts';
import { packetsOfCalls, type CallKey } from './call-packets.ts';
import { directions } from './direction.ts';
import { addressesIn, commonAddresses, isAbout, replyPortsIn, spokenArp, type FlowKey } from './flow-packets.ts';
import { Walker, type Found } from './observed-walk.ts';
import type { Captured } from './recorder.ts';

/** A call of a stream with everything that the captures show of it. */
export interface ObservedCall {
  record: CallRecord;
  key: FlowKey;
  /** Sightings of the call, including ARP about its addresses, in time order: ns since `epoch`. */
  packets: Sighting[];
  /** Nanoseconds since 1970 (digits); equal for all calls observed together. */
  epoch: string;
  /**
   * Walk of its handshake; of its request if the connection was open, or if the request failed. For a call that timed
   * out, the walk of the first packet that had to be retransmitted.
   */
  walk: Walk;
  /** Time of the first packet of the walk, ns since `epoch`. */
  walkBegins: number;
  /** Present for kept connections. */
  history?: ConnectionHistory;
}

/** History of a kept connection up to a call. */
export interface ConnectionHistory {
  /** Nodes that saw its SYN. */
  sawSyn: string[];
  /** When each node last saw one of its packets before this call, ms since 1970; empty for a new connection. */
  lastSeen: Record<string, number>;
}

/** Records and captures of a step. */
interface Shown {
  /** The step's plan. */
  plan: Plan;
  stream: StreamPlan;
  /** Calls that began in the step, in any order. */
  records: CallRecord[];
  /** Frames since the beginning of the step, in time order. */
  captured: Captured[];
  /** Calls of earlier steps, for the history of their connections; only the last call of each is used. */
  before?: ObservedCall[];
}

/**
 * The calls of a stream in a step with their packets and walks, in order of their start. All are found in one pass over
 * the captures.
 */
export function observeCalls({ plan, stream, records, captured, before = [] }: Shown): ObservedCall[] {
  const sorted = records.toSorted((a, b) => a.beganAt - b.beganAt);
  const epoch = captured[0]?.time ?? nanoseconds(sorted[0]?.beganAt ?? 0);
  const sightings = directions(captured, plan, epoch);
  const keys = sorted.map((record) => keyOf(record, stream, plan, epoch));
  const packets = packetsOfCalls(sightings, keys);
  const arp = spokenArp(sightings, plan);
  const about = [stream.address, ...commonAddresses(plan)];
  const walker = new Walker(plan);
  const histories = new Histories(before);
  return sorted.map((record, index) => {
    const [key, own] = [keys[index]!, packets[index]!];
    const begins = Math.min(key.begins, own[0]?.time ?? Infinity);
    const ends = Math.max(Number(nanoseconds(record.endedAt) - epoch), own.at(-1)?.time ?? -Infinity);
    const addresses = addressesIn(own, about);
    const asked = between(arp, begins, ends).filter(({ frame }) => isAbout(frame, addresses));
    const { walk, begins: walkBegins } = foundOf(record, own, key, walker);
    const history = record.connection === undefined ? null : histories.next(record, own, epoch.toString());
    return {
      record,
      key,
      packets: asked.length === 0 ? own : [...own, ...asked].sort((a, b) => a.time - b.time),
      epoch: epoch.toString(),
      walk,
      walkBegins,
      ...(history === null ? {} : { history }),
    };
  });
}

function keyOf(record: CallRecord, stream: StreamPlan, plan: Plan, epoch: bigint): CallKey {
  const { from: caller, protocol, address, port, to } = stream;
  const service = 'service' in to ? plan.services.find(({ name }) => name === to.service) : undefined;
  const own = ownServiceOf(plan, stream);
  return {
    caller,
    protocol: protocol === 'http' ? 'tcp' : protocol,
    address,
    port,
    serverPorts: service?.pool.map((server) => server.port) ?? [],
    ...replyPortsIn(plan),
    ...(own === undefined ? {} : { ownServers: own.pool }),
    sourcePort: record.sourcePort,
    token: record.token,
    begins: Number(nanoseconds(record.beganAt) - epoch),
    isKept: record.connection !== undefined,
  };
}

function foundOf(record: CallRecord, packets: Sighting[], key: CallKey, walker: Walker): Found {
  const { connection, answered, outcome } = record;
  const sent = packets.filter(({ node, direction, frame }) => node === key.caller && direction === 'out' && frame.ip);
  const again = answered || !TOOK_TOO_LONG.includes(outcome) ? undefined : repeatedSyn(sent);
  if (again) {
    const before = packets.filter(({ time }) => time < again.time);
    return walker.opening(before, key);
  }
  const isKept = connection !== undefined;
  const opens = sent.some(({ frame }) => frame.tcp?.flags === 'S');
  const isAboutData =
    key.protocol === 'tcp' &&
    (isKept || !answered) &&
    ((isKept && !opens) || sent.some(({ frame }) => frame.token === key.token));
  return isAboutData ? walker.exchange(packets, key, answered) : walker.opening(packets, key);
}

const TOOK_TOO_LONG: CallRecord['outcome'][] = ['timeout', 'no-answer'];

/** The caller's first retransmission of a SYN; a calling switch sends one SYN out of several ports. */
function repeatedSyn(sent: Sighting[]): Sighting | undefined {
  const syns = sent.filter(({ frame }) => frame.tcp?.flags === 'S');
  return syns.find(({ iface, frame }, index) =>
    syns.slice(0, index).some((one) => one.iface === iface && one.frame.tcp!.seq === frame.tcp!.seq),
  );
}

/** @param ms since 1970 */
function nanoseconds(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6));
}

/** @param sightings in time order */
function between(sightings: Sighting[], begins: number, ends: number): Sighting[] {
  return sightings.slice(firstNotBefore(sightings, begins), firstNotBefore(sightings, ends + 1));
}

function firstNotBefore(sightings: Sighting[], time: number): number {
  let [low, high] = [0, sightings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sightings[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tracks kept connections through their calls, in order of their start. */
class Histories {
  readonly #after = new Map<string, ConnectionHistory>();

  constructor(before: ObservedCall[]) {
    for (const { record, history, packets, epoch } of before)
      if (history) this.#after.set(nameOf(record), after(history, packets, epoch));
  }

  next(record: CallRecord, packets: Sighting[], epoch: string): ConnectionHistory {
    const { sawSyn, lastSeen } = this.#after.get(nameOf(record)) ?? { sawSyn: [], lastSeen: {} };
    const shown = after({ sawSyn, lastSeen }, packets, epoch);
    this.#after.set(nameOf(record), shown);
    return { sawSyn: shown.sawSyn, lastSeen };
  }
}

/** History of a connection after a call. */
function after({ sawSyn, lastSeen }: ConnectionHistory, packets: Sighting[], epoch: string): ConnectionHistory {
  const own = packets.filter(({ frame }) => !frame.arp);
  const saw = own.filter(({ frame }) => frame.tcp?.flags === 'S').map(({ node }) => node);
  const seen = own.map(({ node, time }) => [node, milliseconds(epoch, time)] as const);
  return { sawSyn: [...new Set([...sawSyn, ...saw])], lastSeen: { ...lastSeen, ...Object.fromEntries(seen) } };
}

/** Time of a sighting, ms since 1970. */
export function milliseconds(epoch: string, time: number): number {
  return Number(BigInt(epoch) / 1000n) / 1000 + time / 1e6;
}

function nameOf({ connection, sourcePort }: CallRecord): string {
  return `${connection} ${sourcePort}`;
}
