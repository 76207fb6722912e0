import { isIPv4, lastWord } from './address.ts';

/**
 * Number of a server in maps that keep flows: its IPv4 address itself, a hash of anything else. It depends on nothing
 * but the server, so that whatever else is configured, and after a restart too, a kept flow finds its server.
 */
export function markOf(address: string, port?: number): string {
  if (isIPv4(address) && port === undefined) return formatMark(lastWord(address));
  return markOfText(`${address} ${port ?? ''}`);
}

/** Number that depends on a text alone. */
export function markOfText(text: string): string {
  return formatMark(hash(text));
}

/** A mark as rules have it. */
export function formatMark(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** FNV-1a; never 0, which means "no server". */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193);
  return value >>> 0 || 1;
}
