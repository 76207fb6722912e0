import type { Chain, NftMap, Table, TableFamily } from './ruleset.ts';
import { formatElements, isCounting, TABLE } from './ruleset.ts';

/** Elements per command: limits the length of a line of nft input. */
const CHUNK = 4096;

/**
 * Script for `nft -f` that turns one ruleset into another in one transaction. Unchanged objects are not touched: maps
 * filled by packets keep their elements, and counters their values.
 */
export function changeScript(before: Table[], after: Table[]): string {
  const families = [...new Set([...before, ...after].map(({ family }) => family))];
  return families
    .map((family) => {
      const [from, to] = [before, after].map((tables) => tables.find((table) => table.family === family));
      if (!to) return `delete table ${family} ${TABLE}\n`;
      const lines = tableChanges(from ?? { family, maps: [], chains: [] }, to);
      if (!from) lines.unshift(`add table ${family} ${TABLE}`);
      return lines.map((line) => `${line}\n`).join('');
    })
    .join('');
}

function tableChanges(former: Table, next: Table): string[] {
  const at = (name: string) => `${next.family} ${TABLE} ${name}`;
  const [from, to] = withoutShared(former, next);
  const oldMaps = byName(from.maps);
  const newMaps = byName(to.maps);
  // A map cannot change its type: it is created again, and all rules are rewritten to refer to it.
  const remade = from.maps.some((map) => newMaps.has(map.name) && !sameSpec(newMaps.get(map.name)!, map));
  if (remade) [from.chains, to.chains] = [former.chains, next.chains];
  const oldChains = byName(from.chains);
  const newChains = byName(to.chains);
  const gone = from.chains.filter(({ name, hook }) => newChains.get(name)?.hook !== hook);
  const kept = (chain: Chain) => oldChains.get(chain.name)?.hook === chain.hook;
  const changed = to.chains.filter((chain) => remade || !kept(chain) || !sameRules(oldChains.get(chain.name)!, chain));
  const sameMap = (map: NftMap) => oldMaps.has(map.name) && sameSpec(oldMaps.get(map.name)!, map);
  const goneMaps = from.maps.filter((map) => !newMaps.has(map.name) || !sameMap(newMaps.get(map.name)!));
  return [
    ...[...changed.filter(kept), ...gone].map(({ name }) => `flush chain ${at(name)}`),
    ...to.maps.filter(sameMap).flatMap((map) => staleElements(oldMaps.get(map.name)!, map, at(map.name))),
    ...goneMaps.map(({ name, kind }) => `delete ${kind} ${at(name)}`),
    ...gone.map(({ name }) => `delete chain ${at(name)}`),
    ...to.maps.filter((map) => !sameMap(map)).map((map) => `add ${map.kind} ${at(map.name)} { ${specOf(map)}; }`),
    ...to.chains.filter((chain) => !kept(chain)).map((chain) => `add chain ${at(chain.name)}${hookOf(chain)}`),
    ...changed.flatMap(({ name, rules }) => rules.map((rule) => `add rule ${at(name)} ${rule}`)),
    ...to.maps.flatMap((map) => freshElements(sameMap(map) ? oldMaps.get(map.name)! : null, map, at(map.name))),
  ];
}

/** Both tables without the objects that they share: of a thousand services, a change affects few. */
function withoutShared(a: Table, b: Table): [Pick<Table, 'maps' | 'chains'>, Pick<Table, 'maps' | 'chains'>] {
  const without = <T>(list: T[], other: T[]): T[] => {
    const shared = new Set(other);
    return list.filter((item) => !shared.has(item));
  };
  return [
    { maps: without(a.maps, b.maps), chains: without(a.chains, b.chains) },
    { maps: without(b.maps, a.maps), chains: without(b.chains, a.chains) },
  ];
}

/** Elements whose key was removed or has another value; to change a value, its key must be deleted first. */
function staleElements(from: NftMap, to: NftMap, at: string): string[] {
  const stale = missing(from.elements ?? [], to.elements ?? []);
  return chunks(distinct(stale)).map((elements) => `delete element ${at} ${formatElements(elements)}`);
}

function freshElements(from: NftMap | null, to: NftMap, at: string): string[] {
  const fresh = missing(to.elements ?? [], from?.elements ?? []);
  return chunks(distinct(fresh)).map((elements) => `add element ${at} ${formatElements(elements)}`);
}

/**
 * Script that adopts the tables of a process that died: all rules are replaced, but counters and maps filled by packets
 * stay if the new ruleset has them too, so that established flows continue. `found` has their names. If only `nft`
 * died, `before` is the previous ruleset: maps whose definition has changed since do not stay.
 */
export function takeOverScript(found: FoundTable[], after: Table[], before: Table[] = []): string {
  const cleared = found.flatMap(({ family, chains, maps }): { script: string; left: Table }[] => {
    const next = after.find((table) => table.family === family);
    if (!next) return [{ script: `delete table ${family} ${TABLE}\n`, left: { family, maps: [], chains: [] } }];
    const formerMaps = byName(before.find((table) => table.family === family)?.maps ?? []);
    const keptMaps = next.maps.flatMap((map) => {
      const former = formerMaps.get(map.name);
      if (former && !sameSpec(former, map)) return [];
      const there = maps.find(({ name }) => name === map.name);
      if (there?.kind !== map.kind || (map.elements !== null && !isCounting(map))) return [];
      return [{ ...map, elements: there.elements }];
    });
    const dropped = maps.filter(({ name }) => !keptMaps.some((map) => map.name === name));
    const lines = [
      `flush table ${family} ${TABLE}`,
      // Verdicts in maps refer to chains, so maps are deleted first.
      ...dropped.map(({ name, kind }) => `delete ${kind} ${family} ${TABLE} ${name}`),
      ...chains.map((name) => `delete chain ${family} ${TABLE} ${name}`),
    ];
    return [
      {
        script: lines.map((line) => `${line}\n`).join(''),
        left: { family, maps: keptMaps, chains: [] },
      },
    ];
  });
  const left = cleared
    .map((table) => table.left)
    .filter(({ family }) => after.some((table) => table.family === family));
  return cleared.map(({ script }) => script).join('') + changeScript(left, after);
}

/** Names of the objects of a table in the kernel. */
export interface FoundTable {
  family: TableFamily;
  chains: string[];
  /** Elements are present only for counting sets. */
  maps: Pick<NftMap, 'name' | 'kind' | 'elements'>[];
}

type Element = [key: string, value: string | null];

/** Elements that the other list lacks or has with another value. Optimized for few changes among thousands. */
function missing(list: Element[], other: Element[]): Element[] {
  if (list === other) return [];
  const suspects = trimCommonEnds(list, other);
  if (suspects.length === 0) return [];
  const keys = new Set(suspects.map(([key]) => key));
  const there = new Map(other.filter(([key]) => keys.has(key)));
  return suspects.filter(([key, value]) => there.get(key) !== value || !there.has(key));
}

/** A list without the prefix and suffix that it shares with another. */
function trimCommonEnds(list: Element[], other: Element[]): Element[] {
  const same = (a: Element, b: Element) => a === b || (a[0] === b[0] && a[1] === b[1]);
  const shorter = Math.min(list.length, other.length);
  let start = 0;
  while (start < shorter && same(list[start]!, other[start]!)) start++;
  let end = 0;
  while (end < shorter - start && same(list.at(-1 - end)!, other.at(-1 - end)!)) end++;
  return list.slice(start, list.length - end);
}

/** Two services may contribute the same element, but it can be deleted only once. */
function distinct(elements: Element[]): Element[] {
  return [...new Map(elements)];
}

function byName<T extends { name: string }>(items: T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function sameSpec(a: NftMap, b: NftMap): boolean {
  return a === b || specOf(a) === specOf(b);
}

function specOf({ spec }: NftMap): string {
  return spec.join('; ');
}

function hookOf({ hook }: Chain): string {
  return hook === null ? '' : ` { ${hook}; policy accept; }`;
}

function sameRules(a: Chain, b: Chain): boolean {
  if (a.rules === b.rules) return true;
  return a.rules.length === b.rules.length && a.rules.every((rule, i) => rule === b.rules[i]);
}

function chunks<T>(items: T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, i) => items.slice(i * CHUNK, (i + 1) * CHUNK));
}
