import * as z from 'zod';
import { lbConfigSchema } from '../../lb/terms/config.ts';
import { fieldRows } from './field-reference.ts';
import type { Schema } from './schema-shape.ts';
import { fullExpectation, singleExpectation, varies } from './flow-schema.ts';
import { profilesPage } from './profiles-page.ts';
import { labSchema, scenarioSchema } from './schema.ts';
import { service } from './service-schema.ts';
import {
  actionList,
  connections,
  expectationAsWritten,
  fullStreamExpectation,
  interrupted,
} from './timeline-schema.ts';

/** Contents of shipped YAML files, for examples. */
export interface Shipped {
  labs: unknown[];
  scenarios: unknown[];
}

/**
 * Files generated from the YAML schemas: JSON Schemas for editors, and reference pages. Path in the project → text.
 */
export function schemaFiles({ labs, scenarios }: Shipped): Record<string, string> {
  const lab = jsonSchema(labSchema, 'A topology of l4lab: labs/NAME.yaml');
  const scenario = jsonSchema(scenarioSchema, 'A scenario of l4lab: scenarios/TOPIC/NAME.yaml');
  const balancer = jsonSchema(lbConfigSchema, 'A configuration of the load balancer: l4lab-lb --config FILE');
  return {
    'schema/lab.schema.json': `${JSON.stringify(lab, null, 2)}\n`,
    'schema/scenario.schema.json': `${JSON.stringify(scenario, null, 2)}\n`,
    'schema/lb.schema.json': `${JSON.stringify(balancer, null, 2)}\n`,
    'docs/load-balancer-fields.md': `${BALANCER_PAGE}${rowsOf(balancer)}`,
    'docs/fields.md': `${PAGE}${table('Scenario: `scenarios/TOPIC/NAME.yaml`', scenario, scenarios)}${table('Lab: `labs/NAME.yaml`', lab, [...labs, ...scenarios])}`,
    'docs/profiles.md': profilesPage(),
  };
}

const PAGE = `# Every field of a scenario and of a lab

Generated from the schema by \`npm run schema\`. \`NAME\` is a name that you choose, \`[]\` an entry of a list.
Examples are from the shipped labs and scenarios.
`;

const BALANCER_PAGE = `# Every field of the load balancer's configuration

Generated from the schema by \`npm run schema\`. \`[]\` is an entry of a list. Editors check a file against
\`schema/lb.schema.json\`. What the fields do together: [the load balancer](load-balancer.md).
`;

function table(title: string, schema: Schema, documents: unknown[]): string {
  return `\n## ${title}\n${rowsOf(schema, documents)}`;
}

function rowsOf(schema: Schema, documents: unknown[] = []): string {
  const columns = ['field', 'value', 'meaning', ...(documents.length === 0 ? [] : ['example'])];
  const head = [columns, columns.map(() => '---')].map((cells) => `| ${cells.join(' | ')} |`);
  return `\n${[...head, ...fieldRows(schema, documents)].join('\n')}\n`;
}

/** Schema of the input, before transformation; an expectation may be one word, or its fields without `outcome`. */
function jsonSchema(schema: z.ZodType, title: string): Schema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema: made }) => {
      const schemaOf: unknown = zodSchema;
      if (schemaOf === fullExpectation || schemaOf === singleExpectation) made.oneOf?.unshift({ const: 'works' });
      if (schemaOf === expectationAsWritten)
        made.anyOf = [
          { $ref: '#/properties/flows/additionalProperties/properties/expect' },
          { $ref: '#/properties/steps/additionalProperties/properties/expect/additionalProperties' },
        ];
      if (schemaOf === fullStreamExpectation) made.oneOf?.unshift({ enum: ['works', 'survives'] });
      if (schemaOf === varies.in) made.oneOf = [{ required: ['oneOf'] }, { required: ['eachOf'] }];
      if (schemaOf === actionList) {
        const { items, ...rest } = made;
        const one = items as typeof made;
        for (const key of Object.keys(rest)) Reflect.deleteProperty(made, key);
        delete made.items;
        made.anyOf = [one, { type: 'array', items: one }];
      }
      if (schemaOf === service) {
        made.required = made.required?.filter((field) => field !== 'mode') ?? [];
        made.anyOf = [{ required: ['mode'] }, { required: ['like'] }];
      }
      if (schemaOf === interrupted.in) made.required = ['outage'];
      if (schemaOf === varies.in || schemaOf === connections.in) delete made.required;
    },
  });
  return { $schema, title, ...rest } as Schema;
}
