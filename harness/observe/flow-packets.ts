import type { Plan } from '../terms/plan.ts';
import { ICMP } from './decode.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/** By what the packets of one attempt are known. */
export interface FlowKey {
  caller: string;
  protocol: 'tcp' | 'udp' | 'icmp';
  /** Called address and port (0 for ICMP). */
  address: string;
  port: number;
  /** Ports at which servers may be called instead. */
  serverPorts: number[];
  /** Servers that the caller itself leads its call to, by NAT before any capture; absent where it is none that does so. */
  ownServers?: { address: string; port: number }[];
  /** The caller's port, which no other attempt uses at the same time (0 for ICMP). */
  sourcePort: number;
  token: string;
  /** A reset of the caller's may be about a segment that it was never to get, and its connection goes on; absent means not. */
  mayGoOn?: true;
}

/** Whether a packet of the caller's goes where it called, or where its own load balancer leads that. */
export function isCalledAt({ address, port, ownServers = [] }: FlowKey, ip: string, at: number): boolean {
  return (ip === address && at === port) || ownServers.some((server) => server.address === ip && server.port === at);
}

/**
 * The sightings that belong to an attempt, joined across NAT by what NAT leaves alone: the sequence number of a SYN,
 * the number that a SYN-ACK acknowledges and that counts on after it (another load balancer may take the connection over
 * there, and give it another server), the token in a payload, the packet inside an ICMP error; and by the caller's port.
 * @param sightings in time order
 */
export function flowPackets(sightings: Sighting[], key: FlowKey): Sighting[] {
  const known = new Known(key);
  return sightings.filter(({ node, frame }) => known.takes(node, frame));
}

/**
 * ARP, in time order, about the addresses that the packets of a flow carry: where somebody asks or answers, and where
 * an answer arrives. The copies that switches flood say nothing more.
 */
export function flowArp(sightings: Sighting[], packets: Sighting[], alsoAbout: string[], plan: Plan): Sighting[] {
  const addresses = addressesIn(packets, alsoAbout);
  return spokenArp(sightings, plan).filter(({ frame }) => isAbout(frame, addresses));
}

/** ARP where somebody asks or answers, and where an answer arrives, whatever it is about. */
export function spokenArp(sightings: Sighting[], plan: Plan): Sighting[] {
  const owners = new Map(
    plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name] as const)),
  );
  return sightings.filter(
    ({ node, direction, frame }) => frame.arp && owners.get(direction === 'out' ? frame.srcMac : frame.dstMac) === node,
  );
}

/** The addresses that packets carry, and further ones. */
export function addressesIn(packets: Sighting[], further: string[]): Set<string> {
  const addresses = new Set(further);
  for (const { frame } of packets) if (frame.ip) addresses.add(frame.ip.src).add(frame.ip.dst);
  return addresses;
}

/** Whether ARP asks for one of the addresses, or says who has it. */
export function isAbout({ arp }: Frame, addresses: Set<string>): boolean {
  return arp !== undefined && (addresses.has(arp.targetIp) || addresses.has(arp.senderIp));
}

/** Addresses that any flow's ARP may be about: of servers, and of next hops. */
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
  /** Addresses from which the caller's port was seen to call. */
  readonly #sources = new Set<string>();

  constructor(private readonly key: FlowKey) {}

  takes(node: string, frame: Frame): boolean {
    if (!frame.ip) return false;
    if (frame.icmp && frame.icmp.type !== ICMP.echoRequest && frame.icmp.type !== ICMP.echoReply)
      return this.#innerIsKnown(frame);
    if (frame.token === this.key.token) {
      this.#learn(frame);
      return true;
    }
    // What a DNS server answers repeats no token.
    if (frame.udp && frame.token === undefined) return this.#conversations.has(conversation(frame)!);
    if (!frame.tcp || this.key.protocol !== 'tcp') return false;
    if (this.#conversations.has(conversation(frame)!)) {
      if (frame.tcp.flags === 'S') this.#initialSequences.add(frame.tcp.seq);
      return true;
    }
    if (!this.#isStart(node, frame)) return false;
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
    // No other attempt uses the port, whoever it was that put another address there.
    if (node === caller && tcp.dstPort === sourcePort && tcp.srcPort === port) return true;
    if (!tcp.flags.includes('A')) return false;
    const counted = /[SR]/.test(tcp.flags) ? tcp.ack : tcp.seq;
    return this.#initialSequences.has((counted - 1) >>> 0);
  }

  #learn(frame: Frame): void {
    const name = conversation(frame);
    if (name !== null) this.#conversations.add(name);
    if (frame.tcp?.flags === 'S') this.#initialSequences.add(frame.tcp.seq);
    if (frame.ip && (frame.tcp ?? frame.udp)?.srcPort === this.key.sourcePort) this.#sources.add(frame.ip.src);
  }

  #innerIsKnown({ icmp }: Frame): boolean {
    const inner = icmp?.inner;
    if (!inner) return false;
    if (this.key.protocol === 'icmp' && !ICMP_PROTOCOLS.includes(inner.protocol)) return false;
    if (this.#conversations.has(pair(inner.src, inner.srcPort, inner.dst, inner.dstPort))) return true;
    // l3dsr gives a packet the server's address, and an error may tell of it though it never left.
    return inner.srcPort === this.key.sourcePort && this.#sources.has(inner.src);
  }
}

/** Both directions of a conversation have one name; null for what is none. */
export function conversation({ ip, tcp, udp, icmp }: Frame): string | null {
  if (!ip) return null;
  const ports = tcp ?? udp;
  if (ports) return pair(ip.src, ports.srcPort, ip.dst, ports.dstPort);
  // An echo has its id in place of both ports.
  return icmp ? pair(ip.src, icmp.id, ip.dst, icmp.id) : null;
}

/** Name of the conversation between two sockets. */
export function pair(a: string, aPort: number, b: string, bPort: number): string {
  return [`${a} ${aPort}`, `${b} ${bPort}`].sort().join(' – ');
}
