/** A mistake in a configuration, at a path such as `['services', 0, 'vip']`, or `['routeServices', 0, 'to']`. */
export interface Problem {
  path: (string | number)[];
  message: string;
  /** Whether the problem is the key itself, not its value. */
  at?: 'key';
}

/** Values of a field that a list has twice. */
export function duplicates<T>(
  list: string[],
  items: T[],
  { field, what }: { field: string; what: string },
  key: (item: T) => string,
): Problem[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const value = key(item);
    if (seen.has(value)) return [{ path: [...list, i, field], message: `${what} ${value} is given twice` }];
    seen.add(value);
    return [];
  });
}
