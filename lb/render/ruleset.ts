/** An nft table as data, to be printed, compared and applied. */
export interface Table {
  family: TableFamily;
  maps: NftMap[];
  chains: Chain[];
}

export type TableFamily = 'inet' | 'netdev';

/** A named set or map. */
export interface NftMap {
  name: string;
  kind: 'set' | 'map';
  /** Type, flags, timeout and size, in nft's notation. */
  spec: string[];
  /** Keys and values (null in a set); null if packets fill it at run time. */
  elements: [key: string, value: string | null][] | null;
}

export interface Chain {
  name: string;
  /** Hook and priority of a base chain. */
  hook: string | null;
  rules: string[];
}

/** Whether a set's elements have counters, so that it must survive rule changes. */
export function isCounting({ spec }: NftMap): boolean {
  return spec.includes('counter');
}

/** The part of a table that one renderer contributes. */
export type Part = Pick<Table, 'maps' | 'chains'>;

/** Name of all tables of the load balancer. */
export const TABLE = 'l4lab';

/** The table as readable text for `nft -f`. */
export function formatTable(table: Table): string {
  const blocks = [...table.maps.map(formatMap), ...table.chains.map(formatChain)];
  return `table ${table.family} ${TABLE} {\n${blocks.join('\n')}}\n`;
}

/** Elements in nft's notation. */
export function formatElements(elements: [string, string | null][]): string {
  return `{ ${elements.map(([key, value]) => (value === null ? key : `${key} : ${value}`)).join(', ')} }`;
}

function formatMap({ name, kind, spec, elements }: NftMap): string {
  const lines = [...spec];
  if (elements !== null && elements.length > 0) lines.push(`elements = ${formatElements(elements)}`);
  return block(`${kind} ${name}`, lines);
}

function formatChain({ name, hook, rules }: Chain): string {
  return block(`chain ${name}`, hook === null ? rules : [`${hook}; policy accept;`, ...rules]);
}

function block(head: string, lines: string[]): string {
  return `  ${head} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}
