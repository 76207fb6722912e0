import type * as z from 'zod';
import type { Path } from './yaml-file.ts';

/** What is left of a value when everything that its schema refuses is removed. */
export interface Repaired<T> {
  data: T;
  /** What was removed. */
  removed: Path[];
  /** Path of the value as it was written, for one in `data`: elements of lists may have moved up. */
  sourcePath(path: Path): Path;
}

/**
 * Removes what a schema refuses, and whatever cannot be without it, so that the rest can be looked at as well.
 * @param blanks what takes the place of values that the whole cannot be without, and that nothing else depends on
 * @returns null when nothing is left
 */
export function repaired<T extends z.ZodType>(
  schema: T,
  value: unknown,
  blanks: Record<string, unknown>,
): Repaired<z.infer<T>> | null {
  const removed = new Map<string, Path>();
  for (;;) {
    const { left, sourcePath } = without(value, removed, blanks);
    const result = schema.safeParse(left);
    if (result.success) return { data: result.data, removed: [...removed.values()], sourcePath };
    const before = removed.size;
    for (const path of result.error.issues.flatMap(invalidPaths)) {
      const place = sourcePath(deepestExisting(left, path));
      if (place.length === 0) return null;
      removed.set(JSON.stringify(place), place);
    }
    // A blank that is refused would be refused for ever.
    if (removed.size === before) return null;
  }
}

/** Whether one path leads to the other, or is the same. */
export function overlap(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((step, i) => step === b[i]);
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

function invalidPaths(issue: z.core.$ZodIssue): Path[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

/** What is missing is the fault of what should have it. */
function deepestExisting(value: unknown, path: Path): Path {
  const length = path.findIndex((_, i) => valueAt(value, path.slice(0, i + 1)) === undefined);
  return length < 0 ? path : path.slice(0, length);
}

function without(value: unknown, removed: Map<string, Path>, blanks: Record<string, unknown>) {
  const kept = new Map<string, number[]>();
  const isRemoved = (path: Path): boolean => removed.has(JSON.stringify(path));
  const copy = (of: unknown, path: Path): unknown => {
    if (typeof of !== 'object' || of === null) return of;
    if (Array.isArray(of)) {
      const indexes = [...of.keys()].filter((index) => !isRemoved([...path, index]));
      kept.set(JSON.stringify(path), indexes);
      return indexes.map((index) => copy(of[index], [...path, index]));
    }
    const left = Object.entries(of).filter(([key]) => !isRemoved([...path, key]));
    return Object.fromEntries(left.map(([key, inner]) => [key, copy(inner, [...path, key])]));
  };
  const left = copy(value, []);
  const isMapping = typeof left === 'object' && left !== null && !Array.isArray(left);
  return {
    left: isMapping ? { ...blanks, ...left } : left,
    sourcePath: (path: Path): Path =>
      path.reduce<Path>((done, step) => {
        const indexes = typeof step === 'number' ? kept.get(JSON.stringify(done)) : undefined;
        return [...done, indexes?.[step as number] ?? step];
      }, []),
  };
}
