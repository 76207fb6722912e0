import { isIPv4, lastWord } from './address.ts';

/**
 * Number of a server in flow maps: its IPv4 address, otherwise a hash. It depends only on the server, so that flows
 * keep their server across configuration changes and restarts.
 */
export function markOf(address: string, port?: number): string {
  if (isIPv4(address) && port === undefined) return formatMark(lastWord(address));
  return markOfText(`${address} ${port ?? ''}`);
}

/** Mark derived from a text. */
export function markOfText(text: string): string {
  return formatMark(hash(text));
}

/** A mark in nft's notation. */
export function formatMark(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** FNV-1a; never 0, which means "no server". */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193);
  return value >>> 0 || 1;
}
