import type { Learned } from '../learned.ts';
import type { Neighbour } from '../simulation/node-state.ts';

/** Neighbour entries with unknown contents, by node and key. */
export type UncertainNeighbours = ReadonlyMap<string, ReadonlyMap<string, Neighbour>>;

/** Represents an unknown MAC of an existing entry. */
const UNKNOWN_MAC = '?';

/** State with a mark for each uncertain entry, which is otherwise treated like any other. */
export function marked(learned: Learned, doubts: UncertainNeighbours): Learned {
  const all = new Map(learned);
  for (const [node, entries] of doubts) {
    const state = all.get(node);
    if (state === undefined) continue;
    const marks = [...entries].map(([key, entry]): [string, Neighbour] => [key, { ...entry, mac: UNKNOWN_MAC }]);
    all.set(node, { ...state, neighbours: new Map([...state.neighbours, ...marks]) });
  }
  return all;
}

/** Removes the marks: these nodes resolve again. */
export function unmarked(learned: Learned): { learned: Learned; doubts: UncertainNeighbours } {
  return partedBy(learned, ({ mac }) => mac === UNKNOWN_MAC);
}

/** Marks entries that a possible announcement would change. */
export function uncertainAfter(before: Learned, announced: Learned): Learned {
  const changed = new Map(
    [...before].map(([node, { neighbours }]): [string, Map<string, Neighbour>] => [
      node,
      new Map([...neighbours].filter(([key, { mac }]) => announced.get(node)?.neighbours.get(key)?.mac !== mac)),
    ]),
  );
  return marked(before, changed);
}

/** Removes entries for addresses that several nodes answer for: another answer may come first next time. */
export function withoutRandomEntries(
  learned: Learned,
  shared: ReadonlyMap<string, string[]>,
): { learned: Learned; doubts: UncertainNeighbours } {
  return partedBy(learned, ({ address, answers }) => shared.has(address) && answers.length > 1);
}

/** Union of uncertain entries. */
export function allUncertain(...doubts: UncertainNeighbours[]): UncertainNeighbours {
  const all = new Map<string, Map<string, Neighbour>>();
  for (const some of doubts)
    for (const [node, entries] of some) all.set(node, new Map([...(all.get(node) ?? []), ...entries]));
  return all;
}

/** Addresses with an uncertain entry at some node. */
export function addressesIn(doubts: UncertainNeighbours): Set<string> {
  return new Set([...doubts.values()].flatMap((entries) => [...entries.values()].map(({ address }) => address)));
}

function partedBy(
  learned: Learned,
  isDoubted: (entry: Neighbour) => boolean,
): { learned: Learned; doubts: UncertainNeighbours } {
  const doubts = new Map<string, Map<string, Neighbour>>();
  const rest = new Map(learned);
  for (const [node, state] of learned) {
    const taken = [...state.neighbours].filter(([, entry]) => isDoubted(entry));
    if (taken.length === 0) continue;
    doubts.set(node, new Map(taken));
    rest.set(node, {
      ...state,
      neighbours: new Map([...state.neighbours].filter(([, entry]) => !isDoubted(entry))),
    });
  }
  return { learned: rest, doubts };
}
