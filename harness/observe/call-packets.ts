import { ICMP } from './decode.ts';
import { conversation, isCalledAt, pair, type FlowKey } from './flow-packets.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/** Identifies the packets of a call of a stream. */
export interface CallKey extends FlowKey {
  /** Start, on the sightings' clock, ns. */
  begins: number;
  /** Whether its connection may have been opened earlier. */
  isKept: boolean;
}

/** The packets of one connection, or of one datagram and its answer, joined across NAT. */
interface Thread {
  /** The caller's port, and the time of its first packet. */
  port: number;
  begins: number;
  packets: Sighting[];
  /** Calls whose tokens it contains, in order of appearance. */
  calls: number[];
  /** Its last segment. */
  last?: string;
}

/**
 * The sightings of all calls of a stream, like `flowPackets` for one, in a single pass. A connection or port with
 * several calls is divided by their tokens: packets without a token belong to the call whose token appeared last.
 * Without any token, the nearest call from that port is used.
 * @param sightings in time order
 * @param keys all with one caller, protocol, address and port
 * @returns in the order of the keys
 */
export function packetsOfCalls(sightings: Sighting[], keys: CallKey[]): Sighting[][] {
  const threads = new Threads(keys);
  for (const sighting of sightings) threads.take(sighting);
  const packets: Sighting[][] = keys.map(() => []);
  const tokens = new Map(keys.map(({ token }, index) => [token, index]));
  const silent = silentByPort(keys, threads.all);
  for (const { port, begins, calls, packets: own } of threads.all) {
    const current = calls[0] ?? nearest(silent.get(port) ?? [], begins, keys);
    if (current === undefined) continue;
    const shown = new Set([current]);
    let last = current;
    for (const sighting of own) {
      const named = sighting.frame.token === undefined ? undefined : tokens.get(sighting.frame.token);
      if (named !== undefined && !shown.has(named)) shown.add((last = named));
      packets[named ?? last]!.push(sighting);
    }
  }
  // A call through a full proxy has several connections.
  for (const own of packets) own.sort((a, b) => a.time - b.time);
  giveBack(packets, keys);
  return packets;
}

/**
 * A kept connection may be reset between two calls: then the later call sends nothing, and the packets after the
 * earlier one's answer belong to the later call.
 */
function giveBack(packets: Sighting[][], keys: CallKey[]): void {
  const last = new Map<number, number>();
  keys.forEach(({ caller, isKept, sourcePort }, index) => {
    const former = last.get(sourcePort);
    if (packets[index]!.length > 0) last.set(sourcePort, index);
    if (!isKept || packets[index]!.length > 0 || former === undefined) return;
    const own = packets[former]!;
    const answered = own.findIndex(
      ({ node, direction, frame }) => node === caller && direction === 'in' && frame.token === keys[former]!.token,
    );
    // Otherwise they are acknowledgements of that answer.
    const wasReset = own.slice(answered + 1).some(({ frame }) => frame.tcp?.flags.includes('R'));
    if (answered !== -1 && wasReset) packets[index] = own.splice(answered + 1);
  });
}

/** Calls without a visible token, by port. */
function silentByPort(keys: CallKey[], threads: Thread[]): Map<number, number[]> {
  const known = new Set(threads.flatMap(({ calls }) => calls));
  const silent = new Map<number, number[]>();
  keys.forEach(({ sourcePort }, index) => {
    if (known.has(index)) return;
    const alike = silent.get(sourcePort) ?? [];
    alike.push(index);
    silent.set(sourcePort, alike);
  });
  return silent;
}

function nearest(calls: number[], time: number, keys: CallKey[]): number | undefined {
  const distance = (call: number): number => Math.abs(keys[call]!.begins - time);
  return calls.reduce<number | undefined>(
    (best, call) => (best === undefined || distance(call) < distance(best) ? call : best),
    undefined,
  );
}

class Threads {
  readonly all: Thread[] = [];
  readonly #first: CallKey | undefined;
  readonly #ports: Set<number>;
  readonly #tokens: Map<string, number>;
  readonly #byToken = new Map<number, Thread>();
  readonly #byConversation = new Map<string, Thread>();
  readonly #bySequence = new Map<number, Thread>();
  readonly #bySegment = new Map<string, Thread>();
  /** Resets not assigned to a thread yet, by segment. */
  readonly #strayResets = new Map<string, Sighting[]>();
  /** By source address and port of the caller's packets. */
  readonly #bySource = new Map<string, Thread>();

  constructor(keys: CallKey[]) {
    this.#first = keys[0];
    this.#ports = new Set(keys.map(({ sourcePort }) => sourcePort));
    this.#tokens = new Map(keys.map(({ token }, index) => [token, index]));
  }

  take(sighting: Sighting): void {
    const { frame } = sighting;
    if (!frame.ip || this.#first === undefined) return;
    const thread = this.#threadOf(sighting, this.#first);
    thread?.packets.push(sighting);
  }

  #threadOf(sighting: Sighting, key: CallKey): Thread | undefined {
    const { frame } = sighting;
    if (frame.icmp && frame.icmp.type !== ICMP.echoRequest && frame.icmp.type !== ICMP.echoReply)
      return this.#quoted(frame);
    const call = frame.token === undefined ? undefined : this.#tokens.get(frame.token);
    if (call !== undefined) return this.#named(call, sighting, key);
    if (!frame.tcp || key.protocol !== 'tcp') return undefined;
    if (frame.tcp.flags === 'S') return this.#opened(sighting, key);
    const known = this.#byConversation.get(conversation(frame)!) ?? this.#openBefore(sighting, key);
    if (known) return this.#follow(known, frame);
    const answers = /[SR]/.test(frame.tcp.flags) && frame.tcp.flags.includes('A');
    const thread = answers ? this.#bySequence.get((frame.tcp.ack - 1) >>> 0) : undefined;
    return thread && this.#learn(thread, sighting);
  }

  /** The thread of a frame with a call's token. */
  #named(call: number, sighting: Sighting, key: CallKey): Thread {
    const open = key.protocol === 'tcp' ? this.#byConversation.get(conversation(sighting.frame)!) : undefined;
    const thread = this.#byToken.get(call) ?? open ?? this.#begin(sighting);
    if (!this.#byToken.has(call)) {
      this.#byToken.set(call, thread);
      thread.calls.push(call);
    }
    return this.#learn(thread, sighting);
  }

  /** The thread of a SYN: the caller's, or the same one behind NAT. */
  #opened(sighting: Sighting, key: CallKey): Thread | undefined {
    const { node, direction, frame } = sighting;
    const { seq, srcPort, dstPort } = frame.tcp!;
    const isOurs = node === key.caller && direction === 'out' && isCalledAt(key, frame.ip!.dst, dstPort);
    const thread =
      this.#bySequence.get(seq) ?? (isOurs && this.#ports.has(srcPort) ? this.#begin(sighting) : undefined);
    if (!thread) {
      // Another connection uses these addresses and ports now.
      this.#byConversation.delete(conversation(frame)!);
      return undefined;
    }
    this.#bySequence.set(seq, thread);
    return this.#learn(thread, sighting);
  }

  /**
   * The thread of a segment whose connection was opened before the recording: found by its ports, or behind NAT by its
   * sequence numbers.
   */
  #openBefore(sighting: Sighting, key: CallKey): Thread | undefined {
    const { node, direction, frame } = sighting;
    if (!key.isKept) return undefined;
    const { srcPort, dstPort } = frame.tcp!;
    const isOurs = node === key.caller && direction === 'out' && isCalledAt(key, frame.ip!.dst, dstPort);
    const thread = isOurs && this.#ports.has(srcPort) ? this.#begin(sighting) : this.#bySegment.get(segmentName(frame));
    if (thread) return this.#learn(thread, sighting);
    return frame.tcp!.flags.includes('R') ? this.#reset(sighting, key) : undefined;
  }

  /** The thread of a reset on a connection without packets of the caller: known once the reset reaches the caller. */
  #reset(sighting: Sighting, key: CallKey): Thread | undefined {
    const { node, direction, frame } = sighting;
    const { srcPort, dstPort } = frame.tcp!;
    const name = segmentName(frame);
    const before = this.#strayResets.get(name) ?? [];
    const isOurs = node === key.caller && direction === 'in' && isCalledAt(key, frame.ip!.src, srcPort);
    if (!isOurs || !this.#ports.has(dstPort)) {
      this.#strayResets.set(name, [...before, sighting]);
      return undefined;
    }
    this.#strayResets.delete(name);
    const thread = this.#begin(before[0] ?? sighting, dstPort);
    thread.packets.push(...before);
    for (const one of before) this.#learn(thread, one);
    return this.#learn(thread, sighting);
  }

  /** Only its last segment is searched behind NAT. */
  #follow(thread: Thread, frame: Frame): Thread {
    const name = segmentName(frame);
    if (thread.last !== name) {
      if (thread.last !== undefined) this.#bySegment.delete(thread.last);
      thread.last = name;
      this.#bySegment.set(name, thread);
    }
    return thread;
  }

  #begin({ time, frame }: Sighting, port = (frame.tcp ?? frame.udp)?.srcPort ?? 0): Thread {
    const thread: Thread = { port, begins: time, packets: [], calls: [] };
    this.all.push(thread);
    return thread;
  }

  #learn(thread: Thread, { frame }: Sighting): Thread {
    const name = conversation(frame);
    if (name !== null) this.#byConversation.set(name, thread);
    const port = (frame.tcp ?? frame.udp)?.srcPort;
    if (port === thread.port) this.#bySource.set(`${frame.ip!.src} ${port}`, thread);
    return thread;
  }

  /** See `flowPackets`: in l3dsr packets get the server's address, and an ICMP error may quote one that never left. */
  #quoted({ icmp }: Frame): Thread | undefined {
    const inner = icmp?.inner;
    if (!inner) return undefined;
    return (
      this.#byConversation.get(pair(inner.src, inner.srcPort, inner.dst, inner.dstPort)) ??
      this.#bySource.get(`${inner.src} ${inner.srcPort}`)
    );
  }
}

/** The fields of a segment that NAT does not change. */
function segmentName({ tcp }: Frame): string {
  const { seq, ack, flags, payloadLength } = tcp!;
  return [seq, ack, flags, payloadLength].join(' ');
}
