/** A JSON value. */
type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
type Row = Record<string, Json | undefined>;

/** Rows of one shape, by column: similar values are adjacent, so that they compress well. */
export interface PackedRows {
  count: number;
  columns: PackedColumn[];
}

interface PackedColumn {
  /** Keys from the row down to the value. */
  path: string[];
  /** Distinct values, in order of appearance. */
  values: Json[];
  /** Index into `values` per row; -1 if the row lacks the field. */
  at: number[];
}

/** Packs rows by column. Keys are field names of our own types, never text from outside. */
export function packRows(rows: object[]): PackedRows {
  const columns = new Map<string, PackedColumn & { index: Map<Json, number> }>();
  rows.forEach((row, i) => {
    eachLeaf(row as Row, '', (path, value) => {
      const column = columns.get(path) ?? { path: path.split('/'), values: [], at: [], index: new Map<Json, number>() };
      columns.set(path, column);
      // Text is quoted, to be distinct from a list with the same JSON.
      const key = typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : value;
      const index = column.index.get(key) ?? column.values.push(value) - 1;
      column.index.set(key, index);
      while (column.at.length < i) column.at.push(-1);
      column.at.push(index);
    });
  });
  return { count: rows.length, columns: [...columns.values()].map(({ path, values, at }) => ({ path, values, at })) };
}

/** Unpacks rows `start` to `start + count`. */
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

/** Calls back for each value of a row; arrays and empty objects are values themselves, absent fields are none. */
function eachLeaf(branch: Row, prefix: string, found: (path: string, value: Json) => void): void {
  for (const [key, value] of Object.entries(branch)) {
    if (value === undefined) continue;
    if (isBranch(value)) eachLeaf(value, `${prefix}${key}/`, found);
    else found(`${prefix}${key}`, value);
  }
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
