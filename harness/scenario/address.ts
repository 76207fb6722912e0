import { Address4, Address6 } from 'ip-address';
import { covers, prefix } from './prefix.ts';

/** Address without its prefix length: `203.0.113.11/24` → `203.0.113.11`. */
export function host(cidr: string): string {
  return cidr.split('/')[0]!;
}

/** The network that an interface address belongs to: `203.0.113.11/24` → `203.0.113.0/24`. */
export function network(cidr: string): string {
  let known = networks.get(cidr);
  if (known === undefined) {
    const address = parse(cidr);
    known = `${address.startAddress().correctForm()}/${address.subnetMask}`;
    networks.set(cidr, known);
  }
  return known;
}

const networks = new Map<string, string>();

/** Broadcast address of the subnet of an interface address; null if there is none (IPv6; /31 and /32, RFC 3021). */
export function broadcastOf(cidr: string): string | null {
  const parsed = parse(cidr);
  return parsed instanceof Address4 && parsed.subnetMask < 31 ? parsed.endAddress().correctForm() : null;
}

const MOST_AFTER = 254;

/** Host addresses in the subnet of an interface address: those after it, then from the beginning. */
export function hostsAfter(cidr: string): string[] {
  const parsed = parse(cidr);
  const [first, last] = [parsed.startAddress().bigInt() + 1n, parsed.endAddress().bigInt() - 1n];
  const size = last - first + 1n;
  if (size < 2n) return [];
  const count = size - 1n < MOST_AFTER ? Number(size) - 1 : MOST_AFTER;
  return Array.from({ length: count }, (_, i) => {
    const value = first + ((parsed.bigInt() - first + 1n + BigInt(i)) % size);
    return (parsed instanceof Address4 ? Address4.fromBigInt(value) : Address6.fromBigInt(value)).correctForm();
  });
}

/** Whether an address lies in a network; false across address families. */
export function contains(net: string, address: string): boolean {
  return covers(prefix(net), host(address));
}

/** Address with the prefix length of a single host: /32, or /128. */
export function hostRoute(address: string): string {
  return `${address}/${isV6(address) ? 128 : 32}`;
}

/** Whether a text is an address and nothing more. */
export function isAddress(text: string): boolean {
  if (text.includes('/')) return false;
  // The library throws internally for each invalid text, and most checked texts are names.
  return /^[\d.]+$/.test(text) ? Address4.isValid(text) : isV6(text) && Address6.isValid(text);
}

export function isV6(address: string): boolean {
  return address.includes(':');
}

/** Canonical form of an address, so that addresses compare as strings (RFC 5952 for IPv6). */
export function canonical(address: string): string {
  return parse(address).correctForm();
}

const parsed = new Map<string, Address4 | Address6>();

/** Cached: the same few addresses are parsed for every candidate change of a scenario. */
function parse(text: string): Address4 | Address6 {
  let address = parsed.get(text);
  if (address === undefined) {
    address = isV6(text) ? new Address6(text) : new Address4(text);
    parsed.set(text, address);
  }
  return address;
}
