import type * as z from 'zod';

const LONGEST_SHOWN = 40;

/** The error option of a zod type: the expected and the actual value. */
export function mustBe(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? MISSING : `must be ${what}, not ${shown(input)}`) };
}

/** A zod issue as a message for people who write YAML or JSON. */
export function messageFor(issue: z.core.$ZodRawIssue): string {
  const { input } = issue;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `unknown field \`${key}\``).join('\n');
  if (input === undefined) return issue.code === 'invalid_value' ? `${MISSING}: ${oneOf(issue.values)}` : MISSING;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${shown(input)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}, not ${shown(input)}`;
    case 'too_small':
      if (input === '' || (Array.isArray(input) && input.length === 0)) return 'must not be empty';
      return Array.isArray(input)
        ? `must have at least ${amount(issue.minimum, issue.origin)}, not ${input.length}`
        : `must be at least ${amount(issue.minimum, issue.origin)}, not ${shown(input)}`;
    case 'too_big':
      return `must be at most ${amount(issue.maximum, issue.origin)}, not ${shown(input)}`;
    case 'invalid_format':
      return issue.format === 'starts_with'
        ? `must begin with \`${String(issue['prefix'])}\`, not ${shown(input)}`
        : `has the wrong format: ${shown(input)}`;
    default:
      return `cannot be ${shown(input)}`;
  }
}

function amount(count: number | bigint, origin: string): string {
  if (origin === 'string') return `${count} characters`;
  return origin === 'array' ? `${count} entries` : String(count);
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

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? `\`${String(values[0])}\`` : `one of ${values.map(String).join(', ')}`;
}

/** A value as its author would recognize it. */
function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  // JSON has no infinity (`1e400`).
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return typeof value === 'string' ? `\`${short}\`` : short;
}

/**
 * Issues found by zod. A service with an unknown mode is checked like one with a VIP, so that its other mistakes are
 * reported too. If a value may be either a mapping or something else, mistakes inside the mapping are reported.
 */
export function plainIssues(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    const options = issue.code === 'invalid_union' ? issue.errors : [];
    const [first = []] = options;
    const isOfNoMode = first.some(({ path }) => path.length === 1 && path[0] === 'mode');
    const [mapping, another] = options.filter((errors) => errors.some(isInside));
    const inner = isOfNoMode ? first : another === undefined ? mapping : undefined;
    return inner?.map((one) => ({ ...one, path: [...issue.path, ...one.path] })) ?? [issue];
  });
}

/** Whether a mistake is in a field of a mapping. */
function isInside({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'unrecognized_keys' || typeof path[0] === 'string';
}
