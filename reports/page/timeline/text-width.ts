/** Width of a character in the drawing, pixels: text is truncated before it is drawn, so it cannot be measured. */
const CHARACTER = 6.7;
const WIDE_CHARACTER = 12;

/** Approximate width of a text in the drawing, pixels. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += character > '\u10ff' ? WIDE_CHARACTER : CHARACTER;
  return width;
}

/** The text, truncated to this many pixels; empty if nothing fits. */
export function truncated(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let [fits, used] = ['', CHARACTER];
  for (const character of text) {
    used += textWidth(character);
    if (used > width) break;
    fits += character;
  }
  return fits.length < 2 ? '' : `${fits.trimEnd()}…`;
}
