/**
 * The text of a lab copy, to be edited.
 * @param like name of the lab that it is a copy of
 * @param schema path of its JSON Schema from the file
 */
export function labCopy(text: string, like: string, schema: string): string {
  const body = text.replace(/^# yaml-language-server:.*\r?\n/, '');
  return `# yaml-language-server: $schema=${schema}
# A copy of ${like}: change it until it is your network. docs/how-to/your-own-lab.md in the package says how.
${body}`;
}
