export function isIPv4(address: string): boolean {
  return !address.includes(':');
}

/** The canonical form of an address, as the kernel prints it: IPv6 in lower case, shortened (RFC 5952). */
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

/**
 * Whether an address can belong to one host: not unspecified, loopback, multicast or reserved, not IPv4-mapped, and not
 * link-local IPv6, which is ambiguous without an interface (RFC 6890, RFC 4291).
 */
export function isUnicast(address: string): boolean {
  if (isIPv4(address)) {
    const first = Number(address.split('.')[0]);
    return first !== 0 && first !== 127 && first < 224;
  }
  return !/^(::1?$|::ffff:|fe[89ab]|ff)/.test(canonical(address));
}

/** An address in network byte order. */
export function bytesOf(address: string): number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  const [head = [], tail = []] = canonical(address)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
