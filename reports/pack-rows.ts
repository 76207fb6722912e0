/** A plain value, as JSON can hold it. */
type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
type Row = Record<string, Json | undefined>;

/** Rows of one shape, by column: what repeats stands together, which is what deflate is good at. */
export interface PackedRows {
  count: number;
  columns: PackedColumn[];
}

interface PackedColumn {
  /** Keys from the row down to the value. */
  path: string[];
  /** Distinct values, in order of appearance. */
  values: Json[];
  /** Index into `values` per row; -1 where the row has no such field. */
  at: number[];
}

/** Packs rows by column. Keys are field names of our own types, never text from outside. */
export function packRows(rows: object[]): PackedRows {
  const columns = new Map<string, PackedColumn & { index: Map<string, number> }>();
  rows.forEach((row, i) => {
    for (const [path, value] of leaves(row as Row, [])) {
      const key = path.join('\0');
      const column = columns.get(key) ?? { path, values: [], at: [], index: new Map<string, number>() };
      columns.set(key, column);
      const text = JSON.stringify(value);
      const index = column.index.get(text) ?? column.values.push(value) - 1;
      column.index.set(text, index);
      while (column.at.length < i) column.at.push(-1);
      column.at.push(index);
    }
  });
  return { count: rows.length, columns: [...columns.values()].map(({ path, values, at }) => ({ path, values, at })) };
}

/** Rows `start` to `start + count` as they were packed. */
export function unpackRows({ columns }: PackedRows, start: number, count: number): object[] {
  return Array.from({ length: count }, (_, i) => {
    const row: Row = {};
    for (const { path, values, at } of columns) {
      const index = at[start + i] ?? -1;
      if (index >= 0) setLeaf(row, path, values[index]!);
    }
    return row;
  });
}

/** Paths to the values of a row; arrays and empty objects are values themselves, absent fields are none. */
function leaves(branch: Row, path: string[]): [string[], Json][] {
  return Object.entries(branch).flatMap(([key, value]): [string[], Json][] => {
    if (value === undefined) return [];
    return isBranch(value) ? leaves(value, [...path, key]) : [[[...path, key], value]];
  });
}

function isBranch(value: Json): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function setLeaf(row: Row, path: string[], value: Json): void {
  const last = path.length - 1;
  let branch = row;
  for (const key of path.slice(0, last)) branch = (branch[key] ??= {}) as Row;
  branch[path[last]!] = value;
}
