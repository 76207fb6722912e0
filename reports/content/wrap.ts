/**
 * Breaks a text between words.
 * @param indent the beginning of every line, and the extra indentation of all lines but the first
 */
export function wrap(text: string, width: number, { indent = '', hanging = 0 } = {}): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${lines.length > 0 ? ' '.repeat(hanging) : ''}${word}`);
  }
  return `${lines.join('\n')}\n`;
}
