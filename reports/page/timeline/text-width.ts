/** Width of a character of the drawing's text, pixels: texts are cut before they are drawn, not measured after. */
const CHARACTER = 6.7;
const WIDE_CHARACTER = 12;

/** About how wide a text is in the drawing, pixels. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += character > '\u10ff' ? WIDE_CHARACTER : CHARACTER;
  return width;
}

/** As much of a text as fits into so many pixels; empty where that is nothing. */
export function fitting(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let [fits, used] = ['', CHARACTER];
  for (const character of text) {
    used += textWidth(character);
    if (used > width) break;
    fits += character;
  }
  return fits.length < 2 ? '' : `${fits.trimEnd()}…`;
}
