import type { Part } from './ruleset.ts';

/** Concatenates lists: called with thousands at every change, and several times as fast as flatMap. */
export function joinLists<T>(lists: T[][]): T[] {
  return ([] as T[]).concat(...lists);
}

/** Joins parts of a table. */
export function joinParts(...parts: Part[]): Part {
  return {
    maps: joinLists(parts.map(({ maps }) => maps)),
    chains: joinLists(parts.map(({ chains }) => chains)),
  };
}
