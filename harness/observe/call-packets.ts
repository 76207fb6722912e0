import { ICMP } from './decode.ts';
import { conversation, isCalledAt, pair, type FlowKey } from './flow-packets.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/** A call of a stream, by what its packets are known. */
export interface CallKey extends FlowKey {
  /** When it began, on the clock of the sightings, ns. */
  begins: number;
  /** Whether its connection may have been open before. */
  isKept: boolean;
}

/** The packets of one connection or of one datagram and its answer, joined across NAT. */
interface Thread {
  /** The caller's port, and when its first packet left. */
  port: number;
  begins: number;
  packets: Sighting[];
  /** Calls whose token it carries, in the order in which they show. */
  calls: number[];
  /** Its last segment. */
  last?: string;
}

/**
 * The sightings of every call of a stream, as `flowPackets` finds those of one: in a single pass, whatever the number of
 * calls. A connection or port that serves many calls is shared out by their tokens: what carries none belongs to the call
 * whose token was the last new one. Where no token was seen, the nearest call from that port is meant.
 * @param sightings in time order
 * @param keys all of one caller, protocol, address and port
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
  // Behind a full proxy a call has several connections.
  for (const own of packets) own.sort((a, b) => a.time - b.time);
  giveBack(packets, keys);
  return packets;
}

/**
 * A kept connection may be reset between two calls: the later one then sends nothing, and what followed the answer to the
 * former one is its own.
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
    // Without a reset it is the acknowledgement of that answer.
    const wasReset = own.slice(answered + 1).some(({ frame }) => frame.tcp?.flags.includes('R'));
    if (answered !== -1 && wasReset) packets[index] = own.splice(answered + 1);
  });
}

/** Calls of which no token was seen, by port. */
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
  /** Resets that belong to no thread yet, by segment. */
  readonly #strayResets = new Map<string, Sighting[]>();
  /** By address and port from which the caller was seen to call. */
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

  /** A frame with the token of a call. */
  #named(call: number, sighting: Sighting, key: CallKey): Thread {
    const open = key.protocol === 'tcp' ? this.#byConversation.get(conversation(sighting.frame)!) : undefined;
    const thread = this.#byToken.get(call) ?? open ?? this.#begin(sighting);
    if (!this.#byToken.has(call)) {
      this.#byToken.set(call, thread);
      thread.calls.push(call);
    }
    return this.#learn(thread, sighting);
  }

  /** A SYN: of the caller, or the same one behind NAT. */
  #opened(sighting: Sighting, key: CallKey): Thread | undefined {
    const { node, direction, frame } = sighting;
    const { seq, srcPort, dstPort } = frame.tcp!;
    const isOurs = node === key.caller && direction === 'out' && isCalledAt(key, frame.ip!.dst, dstPort);
    const thread =
      this.#bySequence.get(seq) ?? (isOurs && this.#ports.has(srcPort) ? this.#begin(sighting) : undefined);
    if (!thread) {
      // Somebody else's connection has these addresses and ports now.
      this.#byConversation.delete(conversation(frame)!);
      return undefined;
    }
    this.#bySequence.set(seq, thread);
    return this.#learn(thread, sighting);
  }

  /** A segment of a connection that was open before anything was seen: by its ports, or behind NAT by its numbers. */
  #openBefore(sighting: Sighting, key: CallKey): Thread | undefined {
    const { node, direction, frame } = sighting;
    if (!key.isKept) return undefined;
    const { srcPort, dstPort } = frame.tcp!;
    const isOurs = node === key.caller && direction === 'out' && isCalledAt(key, frame.ip!.dst, dstPort);
    const thread = isOurs && this.#ports.has(srcPort) ? this.#begin(sighting) : this.#bySegment.get(segmentName(frame));
    if (thread) return this.#learn(thread, sighting);
    return frame.tcp!.flags.includes('R') ? this.#reset(sighting, key) : undefined;
  }

  /** A connection on which the caller has said nothing was reset: that is known once the reset gets there. */
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

  /** Its last segment alone is looked for behind NAT. */
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

  /** See `flowPackets`: l3dsr gives a packet the server's address, and an error may tell of it though it never left. */
  #quoted({ icmp }: Frame): Thread | undefined {
    const inner = icmp?.inner;
    if (!inner) return undefined;
    return (
      this.#byConversation.get(pair(inner.src, inner.srcPort, inner.dst, inner.dstPort)) ??
      this.#bySource.get(`${inner.src} ${inner.srcPort}`)
    );
  }
}

/** What NAT leaves alone of a segment. */
function segmentName({ tcp }: Frame): string {
  const { seq, ack, flags, payloadLength } = tcp!;
  return [seq, ack, flags, payloadLength].join(' ');
}
