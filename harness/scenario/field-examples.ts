import { stringify } from 'yaml';
import { alternatives, type Schema } from './schema-shape.ts';

/** Longest example, characters. */
const LONGEST = 70;

/**
 * For each field, how a shipped file writes it: YAML by path, as in the rows of the reference.
 * @param documents contents of files that fit the schema
 * @param fields paths of all rows
 * @param sameAs path of the mapping that describes the fields of another one, by the path of that
 */
export function examplesIn(
  documents: unknown[],
  schema: Schema,
  { fields, sameAs }: { fields: string[]; sameAs: ReadonlyMap<string, string> },
): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, field: Schema, path: string): void => {
    const at = sameAs.get(path) ?? path;
    if (Array.isArray(value)) {
      for (const item of value) if (field.items) visit(item, field.items, `${at}[]`);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries<unknown>({ ...value })) {
        const { properties, additionalProperties: named } = field;
        const inner = properties?.[key] ?? (typeof named === 'object' ? named : undefined);
        if (inner === undefined) continue;
        // The fields of each entry are described where those of one mapping are.
        const isElsewhere = sameAs.has(path) && !fields.some((one) => one.startsWith(`${at}.NAME.`));
        const below = properties?.[key] ? joined(at, key) : isElsewhere ? at : joined(at, 'NAME');
        if (properties?.[key]) note(found, below, { [key]: item });
        visit(item, inner, below);
      }
    }
    for (const choice of alternatives(field)) visit(value, choice, at);
  };
  for (const document of documents) visit(document, schema, '');
  return found;
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Keeps the first one that is short enough. */
function note(found: Map<string, string>, path: string, field: Record<string, unknown>): void {
  if (found.has(path) || Object.values(field)[0] === null) return;
  const text = stringify(field, { collectionStyle: 'flow', lineWidth: 0 }).trim().slice(2, -2);
  if (text.length <= LONGEST && !text.includes('\n')) found.set(path, text);
}
