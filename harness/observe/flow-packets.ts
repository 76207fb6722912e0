import type { Plan } from '../terms/plan.ts';
import { ICMP } from './decode.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/** Identifies the packets of one attempt. */
export interface FlowKey {
  caller: string;
  protocol: 'tcp' | 'udp' | 'icmp';
  /** Called address and port (0 for ICMP). */
  address: string;
  port: number;
  /** Server ports that NAT may use instead. */
  serverPorts: number[];
  /** UDP: ports from which servers reply, regardless of the called one; absent if there are none. */
  replyPorts?: number[];
  /** Servers to which the caller itself translates its call before any capture; absent for other callers. */
  ownServers?: { address: string; port: number }[];
  /** The caller's port, not used by any concurrent attempt (0 for ICMP). */
  sourcePort: number;
  token: string;
  /** The caller's reset may answer a stray segment while its connection continues; absent means no. */
  mayGoOn?: true;
}

/** Ports from which listeners of a plan reply, regardless of the called one. */
export function replyPortsIn({ nodes }: Pick<Plan, 'nodes'>): Pick<FlowKey, 'replyPorts'> {
  const replyPorts = nodes.flatMap(({ listeners }) => listeners.flatMap((one) => one.answersFromPort ?? []));
  return replyPorts.length === 0 ? {} : { replyPorts };
}

/** Whether a packet of the caller has the called address, or a server of its own load balancer. */
export function isCalledAt({ address, port, ownServers = [] }: FlowKey, ip: string, at: number): boolean {
  return (ip === address && at === port) || ownServers.some((server) => server.address === ip && server.port === at);
}

/**
 * The sightings of an attempt, joined across NAT by what NAT does not change: the sequence numbers of SYN and SYN-ACK; the
 * numbers that continue after them (there another load balancer may take over the connection and assign another server, or
 * a router begin to translate it); the token in a payload; the packet quoted in an ICMP error; and the caller's port.
 * @param sightings in time order
 */
export function flowPackets(sightings: Sighting[], key: FlowKey): Sighting[] {
  const known = new Known(key);
  return sightings.filter(({ node, frame }) => known.takes(node, frame));
}

/**
 * ARP about the addresses of a flow's packets, in time order: requests and replies where they are sent, and replies
 * where they arrive. Copies flooded by switches add nothing.
 */
export function flowArp(sightings: Sighting[], packets: Sighting[], alsoAbout: string[], plan: Plan): Sighting[] {
  const addresses = addressesIn(packets, alsoAbout);
  return spokenArp(sightings, plan).filter(({ frame }) => isAbout(frame, addresses));
}

/** All ARP requests and replies where they are sent, and replies where they arrive. */
export function spokenArp(sightings: Sighting[], plan: Plan): Sighting[] {
  const owners = new Map(
    plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name] as const)),
  );
  return sightings.filter(
    ({ node, direction, frame }) => frame.arp && owners.get(direction === 'out' ? frame.srcMac : frame.dstMac) === node,
  );
}

/** The addresses of packets, and further ones. */
export function addressesIn(packets: Sighting[], further: string[]): Set<string> {
  const addresses = new Set(further);
  for (const { frame } of packets) if (frame.ip) addresses.add(frame.ip.src).add(frame.ip.dst);
  return addresses;
}

/** Whether an ARP packet asks for, or announces, one of the addresses. */
export function isAbout({ arp }: Frame, addresses: Set<string>): boolean {
  return arp !== undefined && (addresses.has(arp.targetIp) || addresses.has(arp.senderIp));
}

/** Addresses that may appear in any flow's ARP: servers and next hops. */
export function commonAddresses(plan: Plan): string[] {
  return [
    ...plan.services.flatMap(({ pool }) => pool.map(({ address }) => address)),
    ...plan.nodes.flatMap(({ routes }) =>
      routes.flatMap(({ via, others = [] }) => [via ?? [], others.map((o) => o.via)].flat()),
    ),
  ];
}

/** IANA protocol numbers of ICMP and ICMPv6. */
const ICMP_PROTOCOLS = [1, 58];

class Known {
  readonly #conversations = new Set<string>();
  readonly #initialSequences = new Set<number>();
  /** Source addresses seen with the caller's port. */
  readonly #sources = new Set<string>();
  /** Sockets that the caller's packets come from, also as translated by NAT. */
  readonly #callers = new Set<string>();

  constructor(private readonly key: FlowKey) {}

  takes(node: string, frame: Frame): boolean {
    if (!frame.ip) return false;
    if (frame.icmp && frame.icmp.type !== ICMP.echoRequest && frame.icmp.type !== ICMP.echoReply)
      return this.#innerIsKnown(frame);
    if (frame.token === this.key.token) {
      this.#learn(frame);
      return true;
    }
    // DNS answers do not contain the token.
    if (frame.udp && frame.token === undefined) return this.#isAnswer(frame);
    if (!frame.tcp || this.key.protocol !== 'tcp') return false;
    if (this.#conversations.has(conversation(frame)!)) {
      if (frame.tcp.flags.includes('S')) this.#initialSequences.add(frame.tcp.seq);
      return true;
    }
    if (!this.#isStart(node, frame)) return false;
    this.#learn(frame);
    return true;
  }

  /** NAT of the server's address makes it another conversation; no other attempt uses the caller's port. */
  #isAnswer(frame: Frame): boolean {
    if (this.#conversations.has(conversation(frame)!)) return true;
    if (frame.udp!.dstPort !== this.key.sourcePort || !this.#sources.has(frame.ip!.dst)) return false;
    this.#learn(frame);
    return true;
  }

  #isStart(node: string, { ip, tcp }: Frame): boolean {
    if (!ip || !tcp) return false;
    const { caller, port, sourcePort } = this.key;
    const opens = tcp.flags === 'S';
    if (opens && node === caller && tcp.srcPort === sourcePort && isCalledAt(this.key, ip.dst, tcp.dstPort))
      return true;
    if (opens) return this.#initialSequences.has(tcp.seq);
    // No other attempt uses the port, so the address may be a translated one.
    if (node === caller && tcp.dstPort === sourcePort && tcp.srcPort === port) return true;
    if (!tcp.flags.includes('A')) return false;
    const counted = /[SR]/.test(tcp.flags) ? tcp.ack : tcp.seq;
    return this.#initialSequences.has((counted - 1) >>> 0);
  }

  #learn(frame: Frame): void {
    const name = conversation(frame);
    if (name !== null) this.#conversations.add(name);
    if (frame.tcp?.flags.includes('S') === true) this.#initialSequences.add(frame.tcp.seq);
    const ports = frame.tcp ?? frame.udp;
    if (!frame.ip || !ports) return;
    if (ports.srcPort === this.key.sourcePort) this.#sources.add(frame.ip.src);
    if (this.#isFromCaller(frame)) this.#callers.add(socket(frame.ip.src, ports.srcPort));
  }

  #isFromCaller({ tcp, udp }: Frame): boolean {
    if (tcp) return tcp.flags === 'S';
    const { port, serverPorts } = this.key;
    return udp !== undefined && [port, ...serverPorts].includes(udp.dstPort);
  }

  #innerIsKnown({ icmp }: Frame): boolean {
    const inner = icmp?.inner;
    if (!inner) return false;
    if (this.key.protocol === 'icmp' && !ICMP_PROTOCOLS.includes(inner.protocol)) return false;
    if (this.#conversations.has(pair(inner.src, inner.srcPort, inner.dst, inner.dstPort))) return true;
    // In l3dsr packets get the server's address, and an ICMP error may quote one that never left.
    return this.#callers.has(socket(inner.src, inner.srcPort));
  }
}

/** A name shared by both directions of a conversation; null for other packets. */
export function conversation({ ip, tcp, udp, icmp }: Frame): string | null {
  if (!ip) return null;
  const ports = tcp ?? udp;
  if (ports) return pair(ip.src, ports.srcPort, ip.dst, ports.dstPort);
  // Echo messages have an id instead of both ports.
  return icmp ? pair(ip.src, icmp.id, ip.dst, icmp.id) : null;
}

/** Name of the conversation of two sockets. */
export function pair(a: string, aPort: number, b: string, bPort: number): string {
  return [socket(a, aPort), socket(b, bPort)].sort().join(' – ');
}

function socket(ip: string, port: number): string {
  return `${ip} ${port}`;
}
