/** YAML below the line that it belongs to. */
export function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
