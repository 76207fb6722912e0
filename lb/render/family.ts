/** An address family in nft's notation. */
export interface Family {
  version: 4 | 6;
  /** Keyword of the protocol. */
  ip: 'ip' | 'ip6';
  type: 'ipv4_addr' | 'ipv6_addr';
}

export const FAMILIES: readonly Family[] = [
  { version: 4, ip: 'ip', type: 'ipv4_addr' },
  { version: 6, ip: 'ip6', type: 'ipv6_addr' },
];

/** Family of a valid address. */
export function familyOf(address: string): Family {
  return FAMILIES[address.includes(':') ? 1 : 0]!;
}
