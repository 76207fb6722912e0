import { examplesIn } from './field-examples.ts';
import { alternatives, choices, type Schema } from './schema-shape.ts';

/**
 * All fields of a YAML file as rows of a markdown table: path, values, meaning, and an example if there are documents.
 * @param documents contents of files that fit the schema
 */
export function fieldRows(schema: Schema, documents: unknown[] = []): string[] {
  const known: Described = { at: new Map(), sameAs: new Map() };
  const rows = rowsBelow('', schema, known);
  if (documents.length === 0) return rows;
  const fields = rows.map((row) => /^\| `([^`]+)`/.exec(row)![1]!);
  const examples = examplesIn(documents, schema, { fields, sameAs: known.sameAs });
  return rows.map((row, index) => {
    const example = examples.get(fields[index]!);
    return `${row} ${example === undefined ? '' : `\`${example.replaceAll('|', '\\|')}\``} |`;
  });
}

/** Mappings described so far: path of the first one by its fields, and by path of those that refer to it. */
interface Described {
  at: Map<string, string>;
  sameAs: Map<string, string>;
}

function rowsBelow(path: string, schema: Schema, described: Described): string[] {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const fields = fieldsOf(field);
    const before = fields && described.at.get(JSON.stringify(fields));
    if (before !== undefined) described.sameAs.set(at, before);
    else if (fields) described.at.set(JSON.stringify(fields), at);
    const needed = schema.required?.includes(name) ?? false;
    return [row(at, field, needed, before), ...(before === undefined ? rowsBelow(at, field, described) : [])];
  });
  const { additionalProperties: named } = schema;
  return [
    ...rows,
    ...(typeof named === 'object' ? rowsBelow(`${path}.NAME`, named, described) : []),
    ...(schema.items ? rowsBelow(`${path}[]`, schema.items, described) : []),
    ...alternatives(schema)
      .filter((choice, _, all) => !isListOf(choice, all))
      .flatMap((choice) => rowsBelow(path, choice, described)),
  ];
}

/** Fields of a mapping, or of the mappings in a map by name. */
function fieldsOf({ properties, additionalProperties }: Schema): Schema['properties'] {
  return properties ?? (typeof additionalProperties === 'object' ? additionalProperties.properties : undefined);
}

function row(at: string, field: Schema, needed: boolean, sameAs: string | undefined): string {
  const meaning = [
    field.description,
    sameAs === undefined ? undefined : `The same fields as \`${sameAs}\`.`,
    needed ? '**Required.**' : undefined,
    isPlain(field.default) ? `Default: \`${String(field.default)}\`.` : undefined,
  ];
  return `| \`${at}\` | ${valuesOf(field)} | ${meaning.filter((part) => part !== undefined).join(' ')} |`;
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && value !== '';
}

/** Whether a choice is a list of another choice. */
function isListOf(choice: Schema, all: Schema[]): boolean {
  const items = JSON.stringify(choice.items);
  return items !== undefined && all.some((other) => JSON.stringify(other) === items);
}

/** Flattens nested choices. */
function innermost(field: Schema): Schema[] {
  const inner = field.title === undefined ? choices(field) : [];
  return inner.length === 0 ? [field] : inner.flatMap(innermost);
}

/** Values of a field, as text. */
function valuesOf(field: Schema): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.title !== undefined) return field.title;
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (field.$ref !== undefined) return field.$ref.slice(field.$ref.lastIndexOf('/') + 1);
  if (field.properties) return `mapping of ${Object.keys(field.properties).join(', ')}`;
  const any = choices(field).flatMap(innermost);
  const words = any.map((choice) =>
    isListOf(choice, any) && choice.items?.properties ? 'list of such' : valuesOf(choice),
  );
  if (any.length > 0) return [...new Set(words)].join(' or ');
  switch (field.type) {
    case 'integer':
      return range(field);
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${field.items ? valuesOf(field.items) : 'anything'}`;
    case 'object':
      return 'mapping by name';
    case 'null':
      return '`~`';
    default:
      return field.type === 'string' ? 'text' : 'anything';
  }
}

function range({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): string {
  return maximum === Number.MAX_SAFE_INTEGER ? `number from ${minimum}` : `number ${minimum} to ${maximum}`;
}
