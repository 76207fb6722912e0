/** A text with missing lines added. @param text null without a file */
export function withLines(text: string | null, lines: string[]): { text: string; added: string[] } {
  const present = new Set((text ?? '').split(/\r?\n/).map(plain));
  const added = lines.filter((line) => !present.has(plain(line)));
  const ends = text?.includes('\r\n') === true ? '\r\n' : '\n';
  const gap = text !== null && text !== '' && !text.endsWith('\n') ? ends : '';
  return { text: `${text ?? ''}${gap}${added.map((line) => line + ends).join('')}`, added };
}

/** `/reports`, `reports` and `reports/` ignore the same folder. */
function plain(line: string): string {
  return line.trim().replace(/^\/|\/$/g, '');
}
