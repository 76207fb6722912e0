import { formatMark } from '../render/mark.ts';
import type { Table, TableFamily } from '../render/ruleset.ts';
import { isCounting, TABLE } from '../render/ruleset.ts';
import { run } from './run.ts';

export interface Count {
  packets: number;
  bytes: number;
}

/** Values of counters; one that does not exist counts nothing. */
export interface Counters {
  named: (name: string) => Count;
  element: (of: { set: string; key: string }) => Count;
}

interface CountingSet {
  type: string | string[];
  elem?: { elem: { val: { concat: (string | number)[] }; counter: Count } }[];
}

const NOTHING: Count = { packets: 0, bytes: 0 };

/** Everything that counts in these tables, as the kernel has it now. */
export async function readCounters(tables: Table[]): Promise<Counters> {
  const sets = tables.flatMap(({ family, maps }) => maps.filter(isCounting).map(({ name }) => ({ family, name })));
  const [named, ...counted] = await Promise.all([
    readNamed(),
    ...sets.map(async ({ family, name }) => [name, await readCountingSet(family, name)] as const),
  ]);
  const bySet = new Map(counted);
  return {
    named: (name) => named.get(name) ?? NOTHING,
    element: ({ set, key }) => bySet.get(set)?.get(key) ?? NOTHING,
  };
}

/** Elements of a set that counts, as rules have them, with their counts. */
export async function readCountingSet(family: TableFamily, name: string): Promise<Map<string, Count>> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', 'set', family, TABLE, name]);
  const { nftables } = JSON.parse(text) as { nftables: { set?: CountingSet }[] };
  return new Map(
    nftables.flatMap(({ set }) =>
      (set?.elem ?? []).map(({ elem }): [string, Count] => [keyOf(set!.type, elem.val.concat), elem.counter]),
    ),
  );
}

function keyOf(type: string | string[], fields: (string | number)[]): string {
  return fields.map((field, i) => (type[i] === 'mark' ? formatMark(Number(field)) : field)).join(' . ');
}

async function readNamed(): Promise<Map<string, Count>> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', 'counters']);
  const { nftables } = JSON.parse(text) as { nftables: { counter?: Count & { name: string; table: string } }[] };
  return new Map(nftables.flatMap(({ counter }) => (counter?.table === TABLE ? [[counter.name, counter]] : [])));
}
