import { readFileSync } from 'node:fs';
import { schemaFiles } from './schema-files.ts';

test.each(Object.entries(schemaFiles()))(
  '%s matches the schema of the reader (update: npm run schema)',
  (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

test('editors complete expectations in variants, of flows and of streams', () => {
  const schema = JSON.parse(schemaFiles()['schema/scenario.schema.json']!) as Record<string, unknown>;
  const at = (pointer: string): unknown =>
    pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], schema);
  const { anyOf } = at('#/properties/variants/additionalProperties/properties/expect/additionalProperties') as {
    anyOf: { $ref: string }[];
  };
  const [ofFlows, ofStreams] = anyOf.map(({ $ref }) => JSON.stringify(at($ref)));
  expect(ofFlows).toContain('"servedBy"');
  expect(ofStreams).toContain('"outage"');
});
