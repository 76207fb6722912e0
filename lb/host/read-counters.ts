import { formatMark } from '../terms/mark.ts';
import type { Table, TableFamily } from '../render/ruleset.ts';
import { isCounting, TABLE } from '../render/ruleset.ts';
import { run } from './run.ts';

interface Count {
  packets: number;
  bytes: number;
}

/** Counter of an element; zero for one that does not exist. */
export type CountOf = (of: { set: string; key: string }) => Count;

type Field = string | number;

interface CountingSet {
  type: string | string[];
  /** Type of the values of a map. */
  map?: string;
  /** Pairs of key and value in a map. */
  elem?: (CountingElement | [CountingElement, Field])[];
}

interface CountingElement {
  elem: { val: Field | { concat: Field[] }; counter: Count };
}

/** An element of a counting set or map, in nft's notation; the value is null in a set. */
export interface Counted {
  key: string;
  value: string | null;
  count: Count;
}

const NOTHING: Count = { packets: 0, bytes: 0 };

/** All current counters of these tables. */
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

/** Elements of a counting set or map. */
export async function readCounting(family: TableFamily, kind: 'set' | 'map', name: string): Promise<Counted[]> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', kind, family, TABLE, name]);
  const { nftables } = JSON.parse(text) as { nftables: { set?: CountingSet; map?: CountingSet }[] };
  return nftables.flatMap(({ set, map = set }) =>
    (map?.elem ?? []).map((item): Counted => {
      const { type, map: valueType } = map!;
      const [{ elem }, value] = Array.isArray(item) ? item : [item, null];
      const fields = typeof elem.val === 'object' ? elem.val.concat : [elem.val];
      return {
        key: fields.map((field, i) => formatField(typeof type === 'string' ? type : type[i], field)).join(' . '),
        value: value === null ? null : formatField(valueType, value),
        count: elem.counter,
      };
    }),
  );
}

/** A field in nft's notation. */
function formatField(type: string | undefined, field: Field): string {
  return type === 'mark' ? formatMark(Number(field)) : String(field);
}
