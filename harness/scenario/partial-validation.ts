import type * as z from 'zod';
import { plainIssues } from '../../lb/terms/messages.ts';
import type { Path } from './yaml-file.ts';

/**
 * Placeholders for invalid required values, so that the rest can be validated: by key, `*` for every existing key. A mapping has
 * placeholders for its contents.
 */
export interface Placeholders {
  [key: string]: Placeholders | string | number | null | string[];
}

/** A value without everything that its schema rejects. */
export interface ValidPart<T> {
  data: T;
  /** Removed values, and missing ones replaced by placeholders. */
  removed: Path[];
  /** Original path of a value in `data`: list elements may have moved up. */
  sourcePath(path: Path): Path;
}

/**
 * Removes what a schema rejects and what depends on it, so that the rest can be checked.
 * @returns null if nothing is left
 */
export function validPart<T extends z.ZodType>(
  schema: T,
  value: unknown,
  placeholders: Placeholders,
): ValidPart<z.infer<T>> | null {
  const removed = new Map<string, Path>();
  /** Paths where a placeholder did not help. */
  const bare = new Set<string>();
  for (;;) {
    const { left, filled, sourcePath } = without(value, { removed, bare, placeholders });
    const result = schema.safeParse(left);
    if (result.success) return { data: result.data, removed: [...removed.values(), ...filled], sourcePath };
    const before = removed.size + bare.size;
    for (const path of plainIssues(result.error.issues).flatMap(invalidPaths)) {
      const place = sourcePath(deepestExisting(left, path));
      if (place.length === 0) return null;
      if (removed.has(JSON.stringify(place))) bare.add(JSON.stringify(place));
      removed.set(JSON.stringify(place), place);
    }
    // No progress: the rest stays invalid.
    if (removed.size + bare.size === before) return null;
  }
}

/** Whether one path contains the other. */
export function overlap(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((step, i) => step === b[i]);
}

/** The value at a path, or undefined. */
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

/** A missing value is blamed on its parent. */
function deepestExisting(value: unknown, path: Path): Path {
  const length = path.findIndex((_, i) => valueAt(value, path.slice(0, i + 1)) === undefined);
  return length < 0 ? path : path.slice(0, length);
}

interface Removal {
  removed: Map<string, Path>;
  bare: Set<string>;
  placeholders: Placeholders;
}

function without(value: unknown, { removed, bare, placeholders }: Removal) {
  const kept = new Map<string, number[]>();
  const filled: Path[] = [];
  const isRemoved = (path: Path): boolean => removed.has(JSON.stringify(path));
  const placeholderFor = (path: Path, own: Placeholders): Placeholders[string] | undefined =>
    bare.has(JSON.stringify(path)) ? undefined : Object.hasOwn(own, path.at(-1)!) ? own[path.at(-1)!] : own['*'];
  const copy = (of: unknown, path: Path, own: Placeholders): unknown => {
    if (typeof of !== 'object' || of === null) return of;
    if (Array.isArray(of)) {
      const indexes = [...of.keys()].filter((index) => !isRemoved([...path, index]));
      kept.set(JSON.stringify(path), indexes);
      return indexes.map((index) => copy(of[index], [...path, index], inside(own['*'])));
    }
    const entries = Object.entries(of).flatMap(([key, inner]): [string, unknown][] => {
      const placeholder = placeholderFor([...path, key], own);
      if (!isRemoved([...path, key])) return [[key, copy(inner, [...path, key], inside(placeholder))]];
      return isPlaceholder(placeholder) ? [[key, placeholder]] : [];
    });
    const missing = Object.keys(own).flatMap((key): [string, unknown][] => {
      const placeholder = placeholderFor([...path, key], own);
      return key === '*' || Object.hasOwn(of, key) || !isPlaceholder(placeholder) ? [] : [[key, placeholder]];
    });
    filled.push(...missing.map(([key]) => [...path, key]));
    return Object.fromEntries([...entries, ...missing]);
  };
  const left = copy(value, [], placeholders);
  return {
    left,
    filled,
    sourcePath: (path: Path): Path =>
      path.reduce<Path>((done, step) => {
        const indexes = typeof step === 'number' ? kept.get(JSON.stringify(done)) : undefined;
        return [...done, indexes?.[step as number] ?? step];
      }, []),
  };
}

/** Whether a value is a placeholder without contents. */
function isPlaceholder(
  placeholder: Placeholders[string] | undefined,
): placeholder is string | number | null | string[] {
  return (
    placeholder !== undefined && (typeof placeholder !== 'object' || placeholder === null || Array.isArray(placeholder))
  );
}

function inside(placeholder: Placeholders[string] | undefined): Placeholders {
  return placeholder === undefined || isPlaceholder(placeholder) ? {} : placeholder;
}
