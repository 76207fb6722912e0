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

export function choices({ anyOf, oneOf }: Schema): Schema[] {
  return anyOf ?? oneOf ?? [];
}

/** Alternatives of a value: mappings are merged into one, so that each field has one row. */
export function alternatives(schema: Schema): Schema[] {
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
