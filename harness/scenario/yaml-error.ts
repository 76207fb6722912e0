/** An error of the YAML library, reworded for the file's author; unchanged if there is no better text. */
export function yamlErrorText(message: string): string {
  if (message.startsWith('Source contains multiple documents'))
    return 'a file can contain only one document: remove the `---`, or split the file';
  if (message.includes('call stack')) return 'it is nested too deeply';
  const open = /^(?:Flow|Expected flow) (?:map|sequence)\b.* end with (?:a )?([}\]])/.exec(message);
  if (!open) return message;
  const end = open[1] === '}' ? '}' : ']';
  return `a \`${end === '}' ? '{' : '['}\` is not closed: its \`${end}\` is missing, or not indented enough`;
}
