import type { Icmp } from '../../../harness/terms/sighting.ts';

type Version = 4 | 6;

/** Types of RFC 792, with the codes of type 3. */
const V4: Record<number, string> = {
  0: 'echo reply',
  3: 'unreachable',
  5: 'redirect',
  8: 'echo request',
  11: 'time exceeded',
};
const V4_UNREACHABLE = [
  'net unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
];

/** Types of RFC 4443 and RFC 4861. */
const V6: Record<number, string> = {
  1: 'unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  128: 'echo request',
  129: 'echo reply',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbour solicitation',
  136: 'neighbour advertisement',
  137: 'redirect',
};

/** Name of an ICMP message, or its numbers where it has none here. */
export function icmpText({ type, code }: Pick<Icmp, 'type' | 'code'>, version: Version): string {
  const name = version === 6 ? V6[type] : type === 3 ? (V4_UNREACHABLE[code] ?? V4[3]) : V4[type];
  return name ?? `type ${type} code ${code}`;
}

/** True for an answer to an echo request. */
export function isEchoReply({ type }: Pick<Icmp, 'type'>, version: Version): boolean {
  return type === (version === 6 ? 129 : 0);
}

/** True for messages that complain about a packet, redirects among them. */
export function isIcmpError({ type }: Pick<Icmp, 'type'>, version: Version): boolean {
  return version === 6 ? type < 128 || type === 137 : ![0, 8].includes(type);
}

/** True for what IPv6 has in place of ARP. */
export function isNeighbourDiscovery({ type }: Pick<Icmp, 'type'>, version: Version): boolean {
  return version === 6 && type >= 133 && type <= 136;
}
