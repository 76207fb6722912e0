import { isIPv4 } from 'node:net';

/** The one spelling of an address that the kernel uses too: IPv6 in lower case, shortened (RFC 5952). */
export function canonical(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Last 32 bits of an address. */
export function lastWord(address: string): number {
  if (isIPv4(address)) return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
  const groups = canonical(address).split(':');
  const group = (text: string | undefined) => parseInt(text === undefined || text === '' ? '0' : text, 16);
  return group(groups.at(-2)) * 65_536 + group(groups.at(-1));
}
