/** An nft table as data: what rendering makes, what is printed, compared and applied. */
export interface Table {
  family: 'inet' | 'netdev';
  maps: NftMap[];
  chains: Chain[];
}

/** A named set or map. */
export interface NftMap {
  name: string;
  kind: 'set' | 'map';
  /** Type, flags, timeout and size, as nft writes them. */
  spec: string[];
  /** Null where packets fill it at run time. */
  elements: string[] | null;
}

export interface Chain {
  name: string;
  /** Hook and priority of a base chain. */
  hook: string | null;
  rules: string[];
}

/** Name of every table that the load balancer makes. */
export const TABLE = 'l4lab';

/** The table as text that `nft -f` loads. */
export function formatTable(table: Table): string {
  const blocks = [...table.maps.map(formatMap), ...table.chains.map(formatChain)];
  return `table ${table.family} ${TABLE} {\n${blocks.join('\n')}}\n`;
}

function formatMap({ name, kind, spec, elements }: NftMap): string {
  const lines = [...spec];
  if (elements !== null && elements.length > 0) lines.push(`elements = { ${elements.join(', ')} }`);
  return block(`${kind} ${name}`, lines);
}

function formatChain({ name, hook, rules }: Chain): string {
  return block(`chain ${name}`, hook === null ? rules : [`${hook}; policy accept;`, ...rules]);
}

function block(head: string, lines: string[]): string {
  return `  ${head} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}
