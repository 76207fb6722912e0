import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { schemaFiles as schemasOfYaml } from '../scenario/json-schema.ts';
import { configJsonSchema } from './config.ts';

interface Document {
  variants?: Record<string, { change?: unknown; expect?: Record<string, unknown> }>;
}

/** All files generated from the schemas of labs, scenarios and configuration: text by path. */
export function schemaFiles(): Record<string, string> {
  const shipped = { labs: documentsIn('labs'), scenarios: documentsIn('scenarios').flatMap(withChanges) };
  return {
    ...schemasOfYaml(shipped),
    'schema/config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  };
}

/** Contents of all YAML files below a folder of this project, by name. */
function documentsIn(folder: string): Document[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files.sort().map((file) => parse(readFileSync(join(folder, file), 'utf8'), { merge: true }) as Document);
}

/** A scenario, and what its variants change and expect: parts of a scenario. */
function withChanges(scenario: Document): unknown[] {
  const variants = Object.values(scenario.variants ?? {});
  return [scenario, ...variants.flatMap(({ change = {}, expect = {} }) => [change, { flows: expected(expect) }])];
}

function expected(expect: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(expect).map(([flow, one]) => [flow, { expect: one }]));
}
