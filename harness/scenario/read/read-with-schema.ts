import type * as z from 'zod';
import { InputError, type Mistake } from '../../errors.ts';
import type { SourcePosition } from '../../terms/plan.ts';
import { plainIssues } from '../../../lb/terms/messages.ts';
import { messageFor } from '../messages.ts';
import type { Problem } from '../problem.ts';
import { type Placeholders, overlap, validPart } from '../partial-validation.ts';
import type { Path, YamlFile } from '../yaml-file.ts';

interface Reading<T> {
  value: unknown;
  placeholders: Placeholders;
  /** Paths to exclude from reports. */
  skip?: Path[];
  /** Checks beyond the schema. */
  check: (data: T) => Problem[];
  locate: (path: Path) => SourcePosition;
}

/**
 * Types and checks a value. If the schema rejects a part, everything that does not depend on it is still checked.
 * @returns the value, or its valid part; null if nothing is valid
 */
export function read<T extends z.ZodType>(
  schema: T,
  yaml: YamlFile,
  { value, placeholders, skip = [], check, locate }: Reading<z.infer<T>>,
): { data: z.infer<T> | null; mistakes: Mistake[] } {
  throwAny(yaml.mistakes);
  const result = schema.safeParse(value, { error: messageFor });
  const skipped = (path: Path): boolean => skip.some((left) => left.every((step, i) => step === path[i]));
  if (result.success) {
    return { data: result.data, mistakes: check(result.data).map((problem) => mistakeAt(problem, locate)) };
  }
  const reported = plainIssues(result.error.issues)
    .flatMap(mistakesOf)
    .filter(({ path }) => !skipped(path))
    .map(({ at, ...problem }) => mistakeAt(problem, () => locate(at)));
  const rest = validPart(schema, value, placeholders);
  if (!rest) return { data: null, mistakes: reported };
  const sure = check(rest.data)
    .map((problem) => ({ ...problem, path: rest.sourcePath(problem.path) }))
    .filter((problem) => isSure(problem, rest.removed));
  return { data: rest.data, mistakes: [...reported, ...sure.map((problem) => mistakeAt(problem, locate))] };
}

/** Whether a problem exists regardless of the removed values. */
function isSure({ path, dependsOn }: Problem, removed: Path[]): boolean {
  const whole = path.slice(0, path[0] === 'servers' ? 1 : 2);
  return ![path, ...(dependsOn ?? [whole])].some((source) => removed.some((without) => overlap(source, without)));
}

/** @returns problems with their position: for an unknown field, the field */
function mistakesOf(issue: z.core.$ZodIssue): (Problem & { at: Path })[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, i) => ({ path, at: [...path, key], message: messages[i]! }));
  }
  const messages =
    issue.code === 'invalid_key' || issue.code === 'invalid_element'
      ? issue.issues.map((inner) => inner.message)
      : [issue.message];
  return messages.map((message) => ({ path, at: path, message }));
}

function mistakeAt({ path, message }: Problem, locate: (path: Path) => SourcePosition): Mistake {
  return { ...locate(path), message: path.length > 0 ? `${path.join('.')}: ${message}` : message };
}

export function throwAny(mistakes: Mistake[]): void {
  if (mistakes.length > 0) throw new InputError(mistakes);
}
