/** The part of JSON Schema used by this project's files. */
export interface Schema {
  /** References are described elsewhere. */
  $ref?: string;
  /** Name of its values, shown instead of a long list. */
  title?: string;
  type?: string;
  const?: string | number | boolean;
  enum?: (string | number | boolean)[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** All fields of a YAML file as rows of a markdown table: path, values, meaning. */
export function fieldRows(schema: Schema): string[] {
  return rowsBelow('', schema, new Map());
}

/** @param described mappings described so far, by their fields: later ones refer to the first */
function rowsBelow(path: string, schema: Schema, described: Map<string, string>): string[] {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const fields = fieldsOf(field);
    const before = fields && described.get(JSON.stringify(fields));
    if (fields && before === undefined) described.set(JSON.stringify(fields), at);
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

function choices({ anyOf, oneOf }: Schema): Schema[] {
  return anyOf ?? oneOf ?? [];
}

/** Flattens nested choices. */
function innermost(field: Schema): Schema[] {
  const inner = field.title === undefined ? choices(field) : [];
  return inner.length === 0 ? [field] : inner.flatMap(innermost);
}

/** Whether a choice is a list of another choice. */
function isListOf(choice: Schema, all: Schema[]): boolean {
  const items = JSON.stringify(choice.items);
  return items !== undefined && all.some((other) => JSON.stringify(other) === items);
}

/** Alternatives of a value: mappings are merged into one, so that each field has one row. */
function alternatives(schema: Schema): Schema[] {
  const mappings = choices(schema).filter(({ properties }) => properties !== undefined);
  if (mappings.length < 2) return choices(schema);
  const names = [...new Set(mappings.flatMap(({ properties }) => Object.keys(properties!)))];
  const properties = Object.fromEntries(
    names.map((name) => [name, either(mappings.flatMap((one) => one.properties![name] ?? []))]),
  );
  const required = names.filter((name) => mappings.every((one) => one.required?.includes(name)));
  return [{ properties, required }, ...choices(schema).filter((choice) => !mappings.includes(choice))];
}

function either(fields: Schema[]): Schema {
  const different = new Map(fields.map((field) => [JSON.stringify(field), field]));
  if (different.size === 1) return fields[0]!;
  const { description } = fields.find((field) => field.description !== undefined) ?? {};
  return { anyOf: [...different.values()], ...(description === undefined ? {} : { description }) };
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
