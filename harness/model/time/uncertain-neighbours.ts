import type { Learned } from '../learned.ts';
import type { Neighbour } from '../simulation/node-state.ts';

/** Entries of neighbour tables of which it is not known what they say, by node and key. */
export type UncertainNeighbours = ReadonlyMap<string, ReadonlyMap<string, Neighbour>>;

/** Stands for a MAC that is not known, though the node has one. */
const DOUBTED = '?';

/** What nodes know, with a mark for each entry that is in doubt: what happens to it is as with any other. */
export function marked(learned: Learned, doubts: UncertainNeighbours): Learned {
  const all = new Map(learned);
  for (const [node, entries] of doubts) {
    const state = all.get(node);
    if (state === undefined) continue;
    const marks = [...entries].map(([key, entry]): [string, Neighbour] => [key, { ...entry, mac: DOUBTED }]);
    all.set(node, { ...state, neighbours: new Map([...state.neighbours, ...marks]) });
  }
  return all;
}

/** Removes the marks: nodes in doubt ask again. */
export function unmarked(learned: Learned): { learned: Learned; doubts: UncertainNeighbours } {
  return partedBy(learned, ({ mac }) => mac === DOUBTED);
}

/** Puts in doubt what an announcement would change that may come, or not. */
export function doubtedBy(before: Learned, announced: Learned): Learned {
  const changed = new Map(
    [...before].map(([node, { neighbours }]): [string, Map<string, Neighbour>] => [
      node,
      new Map([...neighbours].filter(([key, { mac }]) => announced.get(node)?.neighbours.get(key)?.mac !== mac)),
    ]),
  );
  return marked(before, changed);
}

/** Takes out what was learned of addresses that several nodes answer for: the next one who asks may hear another first. */
export function withoutChances(
  learned: Learned,
  shared: ReadonlyMap<string, string[]>,
): { learned: Learned; doubts: UncertainNeighbours } {
  return partedBy(learned, ({ address, answers }) => shared.has(address) && answers.length > 1);
}

/** Both doubts. */
export function allUncertain(...doubts: UncertainNeighbours[]): UncertainNeighbours {
  const all = new Map<string, Map<string, Neighbour>>();
  for (const some of doubts)
    for (const [node, entries] of some) all.set(node, new Map([...(all.get(node) ?? []), ...entries]));
  return all;
}

/** Addresses that some node may send to the wrong one for. */
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
