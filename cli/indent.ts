/** Indents YAML below its key. */
export function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
