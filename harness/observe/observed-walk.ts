import { changes } from '../model/simulation/trace.ts';
import { showsMss } from '../terms/mss.ts';
import type { Hop, Walk } from '../terms/walk.ts';
import type { LinkEnd, Plan } from '../terms/plan.ts';
import { ICMP } from './decode.ts';
import { conversation, type FlowKey } from './flow-packets.ts';
import { transmissionOf } from './transmissions.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/**
 * The hops of the caller's first packet and of its first answer (SYN-ACK or RST, datagram, echo reply, ICMP error). If
 * only a retransmission was answered, its hops. Through a full proxy they continue with the first request and answer
 * behind it.
 * @param packets sightings of one attempt, in time order
 */
export function observedWalk(packets: Sighting[], key: FlowKey, plan: Plan): Walk {
  return new Walker(plan).opening(packets, key).walk;
}

/** A walk, and the time of its first packet, on the sightings' clock. */
export interface Found {
  walk: Walk;
  begins: number;
}

/** Finds walks of attempts over the same wires. */
export class Walker {
  readonly #macs: Map<string, string>;
  readonly #bridges: Set<string>;
  readonly #links: Map<string, LinkEnd>;
  readonly #showsMss: boolean;

  constructor(plan: Plan) {
    this.#showsMss = showsMss(plan);
    this.#macs = new Map(
      plan.nodes.flatMap((node) => node.interfaces.map((i) => [`${node.name} ${i.name}`, i.mac] as const)),
    );
    this.#bridges = new Set(plan.nodes.filter((node) => node.bridge).map((node) => node.name));
    this.#links = new Map(
      plan.links.flatMap(({ ends: [a, b] }) => [
        [`${a.node} ${a.iface}`, b],
        [`${b.node} ${b.iface}`, a],
      ]),
    );
  }

  /** See `observedWalk`. */
  opening(packets: Sighting[], key: FlowKey): Found {
    const requests = packets.filter(({ frame }) => isRequest(frame, key));
    const answers = packets.filter(({ frame }) => isAnswer(frame, key));
    const sent = requests.filter(({ node, direction }) => node === key.caller && direction === 'out');
    const answer = answers.find(({ direction }) => direction === 'out');
    const isAnswered = (one: Sighting): boolean =>
      this.#path(one, retransmissionsOf(one, requests)).some(({ node }) => node === answer?.node);
    const request = sent.length > 1 && answer !== undefined ? (sent.find(isAnswered) ?? sent[0]) : sent[0];
    return this.#walk(packets, key, { requests, answers, request, answer });
  }

  /**
   * The hops of a request segment on an open connection, and of its answer. If they were retransmitted and then
   * delivered or refused, the walk shows that transmission, otherwise the first one.
   * @param packets sightings of one exchange, in time order
   * @param answered in time; late results of a retransmission do not explain the failure
   */
  exchange(packets: Sighting[], key: FlowKey, answered: boolean): Found {
    const isSent = ({ node, direction }: Sighting): boolean => node === key.caller && direction === 'out';
    // The connection may be reset before the request is sent: then any segment counts.
    const hasToken = packets.some((one) => isSent(one) && one.frame.token === key.token);
    const requests = packets.filter(({ frame }) => isSegmentTo(frame, key) && (!hasToken || frame.token === key.token));
    const first = requests.find(isSent);
    if (first === undefined) return this.#ended(packets, key);
    const sent = requests.filter((one) => isSent(one) && samePacket(one.frame, first.frame));
    const answers = packets.filter(({ time, frame }) => time >= first.time && isAnswerToData(frame, key));
    const origin = answers.find(({ direction }) => direction === 'out');
    const arrival = answers.find(({ node, direction }) => node === key.caller && direction === 'in');
    const left = answers.filter(({ node, direction }) => node === origin?.node && direction === 'out');
    const lastBefore = (all: Sighting[], end: Sighting | undefined): Sighting | undefined =>
      (end && all.findLast(({ time }) => time <= end.time)) ?? all[0];
    if (answered || (origin !== undefined && origin.frame.token !== key.token)) {
      const answer = lastBefore(left, arrival);
      return this.#walk(packets, key, { requests, answers, request: lastBefore(sent, answer), answer });
    }
    const isToFirst = origin !== undefined && origin.time < (sent[1]?.time ?? Infinity);
    return this.#walk(packets, key, { requests, answers, request: first, answer: isToFirst ? origin : undefined });
  }

  /** The path of a reset that no packet of the caller caused. */
  #ended(packets: Sighting[], key: FlowKey): Found {
    const answers = packets.filter(({ frame: { tcp } }) => isCalled(tcp?.srcPort, key) && tcp!.flags.includes('R'));
    const answer = answers.find(({ direction }) => direction === 'out');
    return this.#walk(packets, key, { requests: [], answers, request: undefined, answer });
  }

  /** @param from first packets of request and answer, and all candidates */
  #walk(
    packets: Sighting[],
    key: FlowKey,
    from: { requests: Sighting[]; answers: Sighting[]; request: Sighting | undefined; answer: Sighting | undefined },
  ): Found {
    const { requests, answers, request: firstRequest, answer: firstAnswer } = from;
    const request = this.#path(firstRequest, firstRequest ? retransmissionsOf(firstRequest, requests) : []);
    const reply = this.#path(
      firstAnswer,
      firstAnswer ? answers.filter(({ frame }) => sameAnswer(frame, firstAnswer.frame)) : [],
    );
    const end = request.at(-1);
    // The node that accepts the caller's connection is its server or a full proxy.
    const accepted = end?.direction === 'in' && reply[0]?.node === end.node && reply[0].frame.icmp === undefined;
    const far =
      accepted && key.protocol === 'tcp'
        ? farSideOf(request, packets, key, (first, all) => this.#path(first, all))
        : { request: [], reply: [] };
    const origin = (firstRequest ?? firstAnswer)?.time ?? 0;
    const tell = (path: Sighting[]): Hop[] => hops(path, origin, this.#showsMss);
    const walk = { request: tell([...request, ...far.request]), reply: tell([...far.reply, ...reply]) };
    return { walk, begins: origin };
  }

  #path(first: Sighting | undefined, all: Sighting[]): Sighting[] {
    if (!first) return [];
    const once = transmissionOf(first, all);
    // A bridge may send its own frame out of several ports.
    const copies = once.filter(
      ({ direction, node, frame }) => direction === 'out' && node === first.node && sameFrame(frame, first.frame),
    );
    return longest(copies.map((copy) => this.#follow(copy, once, new Map())));
  }

  /** Longest path from a sent frame; `known` caches paths, so that loops stay cheap. */
  #follow(sent: Sighting, all: Sighting[], known: Map<Sighting, Sighting[]>): Sighting[] {
    const before = known.get(sent);
    if (before) return before;
    known.set(sent, [sent]);
    const path = this.#onward(sent, all, known);
    known.set(sent, path);
    return path;
  }

  #onward(sent: Sighting, all: Sighting[], known: Map<Sighting, Sighting[]>): Sighting[] {
    const peer = this.#links.get(`${sent.node} ${sent.iface}`);
    const arrival = all.find(
      (s) =>
        s.time >= sent.time &&
        s.direction === 'in' &&
        s.node === peer?.node &&
        s.iface === peer.iface &&
        sameFrame(s.frame, sent.frame),
    );
    if (!arrival) return [sent];
    // A flooding switch does not address frames; the node that addressed this one sent it.
    if (!this.#accepts(arrival)) return this.#isOwn(sent) ? [sent] : [];
    const outs = all.filter((s) => s.node === arrival.node && s.direction === 'out' && s.time >= arrival.time);
    return [sent, arrival, ...longest(outs.map((out) => this.#follow(out, all, known)))];
  }

  /** Whether a frame has the MAC of its outgoing interface. */
  #isOwn({ node, iface, frame }: Sighting): boolean {
    return this.#macs.get(`${node} ${iface}`) === frame.srcMac;
  }

  #accepts({ node, iface, frame }: Sighting): boolean {
    return this.#bridges.has(node) || isMulticast(frame.dstMac) || this.#macs.get(`${node} ${iface}`) === frame.dstMac;
  }
}

/**
 * The path behind a full proxy, which accepts the caller's connection and opens another one that shares only the token
 * with it: first request and answer there; empty if the request ended at a server.
 * @param near path of the caller's own request
 */
function farSideOf(
  near: Sighting[],
  packets: Sighting[],
  key: FlowKey,
  walkOf: (first: Sighting | undefined, all: Sighting[]) => Sighting[],
): { request: Sighting[]; reply: Sighting[] } {
  // An ICMP message may quote the token.
  const withToken = packets.filter(({ frame }) => frame.token === key.token && frame.icmp?.inner === undefined);
  const firstFrom = (before: Sighting, isMeant: (frame: Frame) => boolean): Sighting | undefined =>
    withToken.find(
      ({ node, direction, time, frame }) =>
        node === before.node && direction === 'out' && time > before.time && isMeant(frame),
    );
  const path = (first: Sighting | undefined): Sighting[] =>
    walkOf(
      first,
      withToken.filter(({ frame }) => frame.tcp?.seq === first?.frame.tcp?.seq),
    );
  // Because of NAT, or of a server that calls itself through it, one connection may have several names.
  const isOther = (frame: Frame): boolean => !near.some((hop) => conversation(hop.frame) === conversation(frame));
  const request = path(firstFrom(near.at(-1)!, isOther));
  const asked = request.at(-1);
  const reply = asked ? path(firstFrom(asked, (frame) => conversation(frame) === conversation(asked.frame))) : [];
  return { request, reply };
}

function longest(paths: Sighting[][]): Sighting[] {
  return paths.reduce((best, path) => (path.length > best.length ? path : best), []);
}

function hops(sightings: Sighting[], origin: number, withMss: boolean): Hop[] {
  const bare = sightings.map(({ time, node, iface, direction, frame }) => {
    const ip = frame.ip!;
    const { inside } = frame;
    const ports = inside === undefined ? (frame.tcp ?? frame.udp) : undefined;
    return {
      node,
      iface,
      direction,
      src: { mac: frame.srcMac, ip: ip.src, port: ports?.srcPort ?? null },
      dst: { mac: frame.dstMac, ip: ip.dst, port: ports?.dstPort ?? null },
      ttl: ip.ttl,
      ...(inside === undefined ? {} : { inside: { src: inside.src, dst: inside.dst, ttl: inside.ttl } }),
      ...(withMss && frame.tcp?.mss !== undefined ? { mss: frame.tcp.mss } : {}),
      time: time - origin,
    };
  });
  return bare.map((hop, index) => ({ ...hop, changed: index === 0 ? [] : changes(bare[index - 1]!, hop) }));
}

/** Whether it is the opening packet of the flow, at any hop. */
function isRequest({ tcp, udp, icmp, token }: Frame, key: FlowKey): boolean {
  if (key.protocol === 'tcp') return tcp?.flags === 'S';
  if (key.protocol === 'udp') return isCalled(udp?.dstPort, key) && token === key.token;
  return icmp?.type === ICMP.echoRequest;
}

function isCalled(port: number | undefined, { port: called, serverPorts }: FlowKey): boolean {
  return port !== undefined && [called, ...serverPorts].includes(port);
}

function repliesFrom(port: number | undefined, key: FlowKey): boolean {
  return isCalled(port, key) || (port !== undefined && key.replyPorts?.includes(port) === true);
}

function isAnswer({ tcp, udp, icmp, token }: Frame, key: FlowKey): boolean {
  if (icmp?.inner) return icmp.type !== ICMP.redirect;
  if (key.protocol === 'tcp') return tcp !== undefined && (tcp.flags === 'SA' || tcp.flags === 'RA');
  // DNS answers do not contain the token.
  if (key.protocol === 'udp') return repliesFrom(udp?.srcPort, key) && (token ?? key.token) === key.token;
  return icmp?.type === ICMP.echoReply;
}

/** Whether it is a segment of an open connection toward its server. */
function isSegmentTo({ tcp }: Frame, key: FlowKey): boolean {
  return isCalled(tcp?.dstPort, key) && !tcp!.flags.includes('S');
}

function isAnswerToData({ tcp, icmp, token }: Frame, key: FlowKey): boolean {
  if (icmp?.inner) return icmp.type !== ICMP.redirect;
  return isCalled(tcp?.srcPort, key) && (token === key.token || tcp!.flags.includes('R'));
}

/** All sightings of a packet, including retransmissions. */
function retransmissionsOf({ frame }: Sighting, all: Sighting[]): Sighting[] {
  return all.filter((one) => samePacket(one.frame, frame));
}

/** NAT and routers do not change the sequence number. */
function samePacket(a: Frame, b: Frame): boolean {
  return a.tcp?.seq === b.tcp?.seq && a.icmp?.seq === b.icmp?.seq;
}

/** Compares only type and code of ICMP errors: NAT rewrites what they quote. */
function sameAnswer(a: Frame, b: Frame): boolean {
  return a.tcp?.seq === b.tcp?.seq && a.icmp?.type === b.icmp?.type && a.icmp?.code === b.icmp?.code;
}

function sameFrame(a: Frame, b: Frame): boolean {
  return (
    a.srcMac === b.srcMac &&
    a.dstMac === b.dstMac &&
    a.ip?.src === b.ip?.src &&
    a.ip?.dst === b.ip?.dst &&
    a.ip?.ttl === b.ip?.ttl &&
    a.inside?.ttl === b.inside?.ttl
  );
}

function isMulticast(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
