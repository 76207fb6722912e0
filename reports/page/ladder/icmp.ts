import type { Icmp } from '../../../harness/terms/sighting.ts';

/** Names by `Icmp.type`, which counts as IPv4 does in both families. */
const TYPES: Record<number, string> = {
  0: 'echo reply',
  3: 'unreachable',
  5: 'redirect',
  8: 'echo request',
  11: 'time exceeded',
  258: 'packet too big',
};

/** Names of the codes of type 3 (RFC 792, RFC 1812). */
const UNREACHABLE: Record<number, string> = {
  0: 'net unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'fragmentation needed',
  9: 'prohibited',
  10: 'prohibited',
  13: 'prohibited',
};

/** Name of an ICMP message, or its numbers. */
export function icmpText({ type, code }: Pick<Icmp, 'type' | 'code'>): string {
  const name = type === 3 ? (UNREACHABLE[code] ?? TYPES[3]) : TYPES[type];
  return name ?? (type >= 256 ? `ICMPv6 type ${type - 256} code ${code}` : `type ${type} code ${code}`);
}

/** True for an echo reply. */
export function isEchoReply({ type }: Pick<Icmp, 'type'>): boolean {
  return type === 0;
}

/** True for messages about another packet, including redirects. */
export function isIcmpError({ inner }: Pick<Icmp, 'inner'>): boolean {
  return inner !== undefined;
}
