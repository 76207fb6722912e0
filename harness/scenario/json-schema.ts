import { z } from 'zod';
import { fullExpectation } from './flow-schema.ts';
import { labSchema, scenarioSchema } from './schema.ts';

/** JSON Schemas of the YAML files, for editors that complete and check as one writes: path in the project → text. */
export function jsonSchemas(): Record<string, string> {
  return {
    'schema/lab.schema.json': text(labSchema, 'A topology of l4lab: labs/NAME.yaml'),
    'schema/scenario.schema.json': text(scenarioSchema, 'A scenario of l4lab: scenarios/TOPIC/NAME.yaml'),
  };
}

/** What one writes, not what is read from it; an expectation may be the one word `works`. */
function text(schema: z.ZodType, title: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if ((zodSchema as unknown) === fullExpectation) jsonSchema.oneOf?.unshift({ const: 'works' });
    },
  });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
