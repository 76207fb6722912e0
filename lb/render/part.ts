import type { Part } from './ruleset.ts';

/** One list of many, at every change of thousands: several times as fast as flatMap. */
export function joinLists<T>(lists: T[][]): T[] {
  return ([] as T[]).concat(...lists);
}

/** Parts of a table put together. */
export function joinParts(...parts: Part[]): Part {
  return {
    maps: joinLists(parts.map(({ maps }) => maps)),
    chains: joinLists(parts.map(({ chains }) => chains)),
  };
}
