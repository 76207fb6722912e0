import type { Part } from './ruleset.ts';

/** Parts of a table put together. */
export function joinParts(...parts: Part[]): Part {
  return {
    counters: parts.flatMap(({ counters }) => counters),
    maps: parts.flatMap(({ maps }) => maps),
    chains: parts.flatMap(({ chains }) => chains),
  };
}
