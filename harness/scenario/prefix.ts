import { Address4, Address6 } from 'ip-address';

/** An IP network in numbers, made once so that a route lookup needs no parsing. */
export interface Prefix {
  version: 4 | 6;
  /** The common bits of all its addresses, shifted right by `shift`. */
  bits: bigint;
  shift: bigint;
  length: number;
}

interface Parsed {
  version: 4 | 6;
  value: bigint;
}

const parsed = new Map<string, Parsed>();

/** Network of an address in CIDR notation; host bits are ignored. */
export function prefix(cidr: string): Prefix {
  const [address, length] = cidr.split('/');
  const { version, value } = parse(address!);
  const width = version === 4 ? 32 : 128;
  const bits = length === undefined ? width : Number(length);
  const shift = BigInt(width - bits);
  return { version, bits: value >> shift, shift, length: bits };
}

/** Whether an address lies in a network; false across address families. */
export function covers(net: Prefix, address: string): boolean {
  const { version, value } = parse(address);
  return version === net.version && value >> net.shift === net.bits;
}

/** An address as a number, for comparing those of one family. */
export function addressValue(address: string): bigint {
  return parse(address).value;
}

/** Number of leading bits that two addresses of one family have in common. */
export function bitsInCommon(one: string, other: string): number {
  const [a, b] = [parse(one), parse(other)];
  const width = a.version === 4 ? 32 : 128;
  return width - (a.value === b.value ? 0 : (a.value ^ b.value).toString(2).length);
}

function parse(address: string): Parsed {
  let known = parsed.get(address);
  if (known === undefined) {
    known = address.includes(':')
      ? { version: 6, value: new Address6(address).bigInt() }
      : { version: 4, value: new Address4(address).bigInt() };
    parsed.set(address, known);
  }
  return known;
}
