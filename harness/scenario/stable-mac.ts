/**
 * Locally administered (IEEE 802, bit 1 of the first octet): 02:4c ("L"). Derived only from names: adding a node to a
 * lab changes no other's MAC, and a port has the same MAC in all labs.
 */
export function stableMac(node: string, iface: string): string {
  const digits = hash(`${node} ${iface}`).toString(16).padStart(8, '0');
  return ['02', '4c', ...digits.match(/../g)!].join(':');
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193);
  return value >>> 0;
}
