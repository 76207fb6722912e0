/** An nft table as data: what rendering makes, what is printed, compared and applied. */
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
  /** Type, flags, timeout and size, as nft writes them. */
  spec: string[];
  /** Key and value (null in a set); null as a whole where packets fill it at run time. */
  elements: [key: string, value: string | null][] | null;
}

export interface Chain {
  name: string;
  /** Hook and priority of a base chain. */
  hook: string | null;
  rules: string[];
}

/** Whether the elements of a set count what they match, so that it must outlive changes of the rules that count. */
export function isCounting({ spec }: NftMap): boolean {
  return spec.includes('counter');
}

/** Part of a table, as one renderer contributes it. */
export type Part = Pick<Table, 'maps' | 'chains'>;

/** Name of every table that the load balancer makes. */
export const TABLE = 'l4lab';

/** The table as text that a person reads and `nft -f` loads. */
export function formatTable(table: Table): string {
  const blocks = [...table.maps.map(formatMap), ...table.chains.map(formatChain)];
  return `table ${table.family} ${TABLE} {\n${blocks.join('\n')}}\n`;
}

/** Elements as nft writes them. */
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
