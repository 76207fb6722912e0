import { formatMark } from '../render/mark.ts';
import type { Table, TableFamily } from '../render/ruleset.ts';
import { isCounting, TABLE } from '../render/ruleset.ts';
import { run } from './run.ts';

interface Count {
  packets: number;
  bytes: number;
}

/** Value of an element that counts; one that does not exist counts nothing. */
export type CountOf = (of: { set: string; key: string }) => Count;

interface CountingSet {
  type: string | string[];
  /** Pairs of key and value in a map. */
  elem?: (CountingElement | [CountingElement, string])[];
}

interface CountingElement {
  elem: { val: { concat: (string | number)[] }; counter: Count };
}

/** An element of a set or map that counts, as rules have it; the value is null in a set. */
export interface Counted {
  key: string;
  value: string | null;
  count: Count;
}

const NOTHING: Count = { packets: 0, bytes: 0 };

/** Everything that counts in these tables, as the kernel has it now. */
export async function readCounters(tables: Table[]): Promise<CountOf> {
  const sets = tables.flatMap(({ family, maps }) => maps.filter(isCounting).map((map) => ({ family, ...map })));
  const counted = await Promise.all(
    sets.map(async ({ family, kind, name }) => [name, await readCounting(family, kind, name)] as const),
  );
  const bySet = new Map(
    counted.map(([name, elements]) => [name, new Map(elements.map(({ key, count }) => [key, count]))]),
  );
  return ({ set, key }) => bySet.get(set)?.get(key) ?? NOTHING;
}

/** Elements of a set or map that counts. */
export async function readCounting(family: TableFamily, kind: 'set' | 'map', name: string): Promise<Counted[]> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', kind, family, TABLE, name]);
  const { nftables } = JSON.parse(text) as { nftables: { set?: CountingSet; map?: CountingSet }[] };
  return nftables.flatMap(({ set, map = set }) =>
    (map?.elem ?? []).map((item): Counted => {
      const [{ elem }, value] = Array.isArray(item) ? item : [item, null];
      return { key: keyOf(map!.type, elem.val.concat), value, count: elem.counter };
    }),
  );
}

function keyOf(type: string | string[], fields: (string | number)[]): string {
  return fields.map((field, i) => (type[i] === 'mark' ? formatMark(Number(field)) : field)).join(' . ');
}
