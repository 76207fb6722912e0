import type * as z from 'zod';

const LONGEST_SHOWN = 40;

/** The error option of a zod type: what a value must be, and what stands there instead. */
export function mustBe(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? MISSING : `must be ${what}, not ${shown(input)}`) };
}

/** zod's own issues in words for people who write YAML. */
export function messageFor(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  if (input === undefined && issue.code !== 'unrecognized_keys') return MISSING;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${shown(input)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map(String))}, not ${shown(input)}`;
    case 'too_small':
      return Array.isArray(input) || input === ''
        ? 'must not be empty'
        : `must be at least ${issue.minimum}, not ${shown(input)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}, not ${shown(input)}`;
    case 'invalid_format':
      return issue.format === 'starts_with'
        ? `must begin with \`${String(issue['prefix'])}\`, not ${shown(input)}`
        : undefined;
    default:
      return undefined;
  }
}

const MISSING = 'is missing';

const TYPES: Partial<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'empty (`~`)',
};

function oneOf(values: string[]): string {
  return values.length === 1 ? `\`${values[0]!}\`` : `one of ${values.join(', ')}`;
}

/** A value as its author would recognise it. */
function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return typeof value === 'string' ? `\`${short}\`` : short;
}
